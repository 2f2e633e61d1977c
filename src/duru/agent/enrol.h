// Enrolment: a one-time code and a credential of our own drawing become a name at the server.
//
//   Status done = enrol("/var/lib/duru-agent", {.server = "http://127.0.0.1:8080", ...});
//
// The credential is on disk before it is sent: after a lost answer the same call, with the same
// code, ends what it began. Enrolling again where that is done changes nothing; with another code
// it is kConflict. Errors: kInvalid (the address, the folder), kDenied (the server refuses, and
// why), kUnavailable.
#pragma once

#include "duru/agent/records.h"
#include "duru/base/result.h"

namespace duru::agent {

struct Enrolment {
  std::string server;
  EnrolRequest request;  // without the credential
};

Result<Identity> enrol(const std::string& data_path, const Enrolment& enrolment);

// kNotFound where nothing, or nothing whole, is enrolled.
Result<Identity> read_identity(const std::string& data_path);

// An address beyond this machine is kUnsupported: the link there is not protected.
Status check_server(const std::string& url);

// What this machine has.
MilliCpu machine_cpu();
Bytes machine_memory();

}  // namespace duru::agent

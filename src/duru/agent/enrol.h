// Enrolment: a one-time code and a credential of our own drawing become a name at the server.
//
//   Status done = enrol("/var/lib/duru-agent", {.server = "https://gateway:8080", ...});
//
// Beyond this machine the code is CODE.FINGERPRINT. The server's CA must have that fingerprint
// before CODE, and nothing else, is sent; from then on the node believes that CA alone, whatever
// name or address the server has then, and whatever the certificate's dates say: clocks in the
// field may be years off.
//
// The credential is on disk before it is sent: after a lost answer the same call, with the same
// code, ends what it began; another code draws another credential. Enrolling again where that is
// done changes nothing; with another code it is kConflict. Errors: kInvalid (the address, the code,
// the folder), kUnsupported (a server beyond this machine in clear), kDenied (the server refuses,
// and why, or is another one than the code's), kUnavailable.
#pragma once

#include "duru/agent/disk.h"
#include "duru/agent/log.h"
#include "duru/agent/records.h"
#include "duru/base/result.h"
#include "duru/http/tls.h"

namespace duru::agent {

struct Enrolment {
  std::string server;
  EnrolRequest request;  // without the credential; the code may bear a fingerprint
};

Result<Identity> enrol(const std::string& data_path, const Enrolment& enrolment);

// kNotFound where nothing, or nothing whole, is enrolled; kDamaged where neither of the two records
// of it can be read.
Result<Identity> read_identity(const std::string& data_path);
// Writes the one anew that is not there or cannot be read. Only for who holds the lock.
void mend_identity(const Folder& data, const Identity& identity, Log& log);

// Whom a node that is enrolled believes.
http::TlsTrust trust_of(const Identity& identity);

// What this machine has.
MilliCpu machine_cpu();
Bytes machine_memory();

}  // namespace duru::agent

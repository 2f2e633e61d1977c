// TLS as this folder's callers meet it: what a server shows, whom a client trusts.
//
//   TlsIdentity mine{chain_pem, key_pem};                    // HttpServerOptions::tls
//   TlsTrust only_this{.ca_pem = pem};                       // ClientOptions::tls
//   auto ca = fetch_ca(address, fingerprint, seconds(5));    // who the server says has signed it
//
// TLS 1.2 and 1.3. Certificates are made and read by certificate.h.
#pragma once

#include <string>
#include <string_view>

#include "duru/base/result.h"
#include "duru/base/units.h"
#include "duru/http/address.h"

namespace duru::http {

// The server's certificate with those that signed it, its own first, and its private key (PEM).
struct TlsIdentity {
  std::string chain_pem;
  std::string key_pem;
};

// A client believes a server whose certificate one of these has signed, directly or by others that
// the server shows. Nothing else is believed when they are given.
struct TlsTrust {
  std::string ca_pem = {};  // certificates; empty: those that this system trusts
  // The certificate must be for the host that was asked for. Not needed where `ca_pem` is the CA of
  // one installation, which signs nothing but its server: names and addresses of a field change.
  bool checks_name = true;
  // Off for machines whose clock may be years off: the certificate's dates are not looked at.
  bool checks_dates = true;
};

// How the message of an Error goes on where a server showed a certificate that is not believed.
constexpr std::string_view kNotBelieved = "the server's certificate";

// Whether a client can trust anything by it (TlsTrust::ca_pem).
bool holds_certificate(const std::string& pem);

// The certificate (PEM) with that fingerprint (certificate.h) among those that the server at an
// https address shows. Nothing is sent to the server but the handshake, and nothing is believed but
// the fingerprint: connect anew with the result as TlsTrust::ca_pem. kDenied: the server shows
// others; kUnavailable, kTimeout: no server, or none that speaks TLS.
Result<std::string> fetch_ca(const Address& address, std::string_view fingerprint,
                             Milliseconds at_most);

}  // namespace duru::http

// What a server shows beyond loopback: the installation's own CA, and a certificate that it signed.
//
//   DIR/ca.key, DIR/ca.pem   the CA: made at first need, for 20 years; kept with the journal
//   DIR/server.pem           certificate and key of this server, for 2 years: made anew by a start
//                            that finds other names of this machine, or less than 30 days left
//
// A CA certificate that is lost or runs out is made anew for the same key, and those who trust the
// old one go on doing so. Only the key's loss cuts them off.
#pragma once

#include <string>
#include <vector>

#include "duru/base/result.h"
#include "duru/base/units.h"
#include "duru/http/tls.h"

namespace duru {

struct ServerTls {
  http::TlsIdentity identity;  // shows the CA, too
  std::string ca_fingerprint;
};

// kDamaged: the files are there and do not belong together. `now` is the wall clock's.
Result<ServerTls> load_or_make_tls(const std::string& dir, const std::vector<std::string>& names,
                                   Timestamp now);

// By which callers may know a server that listens there: loopback, the host's name, the address
// or, where it listens on all of them, each of this machine's, and `further` ones. Sorted.
std::vector<std::string> names_of_server(const http::Address& listen,
                                         const std::vector<std::string>& further);

// Where this machine itself reaches a server that listens there: loopback for "all addresses".
http::Address address_from_here(const http::Address& listen);

}  // namespace duru

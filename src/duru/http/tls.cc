#include "duru/http/tls.h"

#include "duru/http/client_socket.h"
#include "duru/http/openssl_handles.h"

namespace duru::http {

bool holds_certificate(const std::string& pem) { return !read_certificates(pem).empty(); }

Result<std::string> fetch_ca(const Address& address, std::string_view fingerprint,
                             Milliseconds at_most) {
  auto tls = TlsContext::for_onlooker();
  if (!tls.ok()) return tls.error();
  auto socket = ClientSocket::connect(address, at_most, std::move(tls.value()));
  if (!socket.ok()) return socket.error();
  std::string found = socket.value().shown_certificate(fingerprint);
  if (!found.empty()) return found;
  return Error{ErrorCode::kDenied,
               "the server at " + address.url() + " shows no certificate with the fingerprint " +
                   std::string(fingerprint) + ": it is another server, or somebody stands between",
               false, false};
}

}  // namespace duru::http

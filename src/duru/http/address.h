// Where a server listens or is found: a host and a TCP port, in clear or in TLS.
//
//   Result<Address> a = parse_address("http://127.0.0.1:8080");  // or "127.0.0.1:8080", "[::1]:80"
//   a.value().str() == "127.0.0.1:8080"
//
// Guarantee: parse_address(a.url()) gives `a` back for every address it accepted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "duru/base/result.h"

namespace duru::http {

struct Address {
  std::string host;  // a name, an IPv4 address or an IPv6 address without brackets
  std::uint16_t port = 0;
  bool is_tls = false;  // https

  std::string str() const;  // HOST:PORT
  std::string url() const { return (is_tls ? "https://" : "http://") + str(); }
  // Nobody but this machine hears what is said there.
  bool is_loopback() const;
  bool operator==(const Address&) const = default;
};

// An IPv4 or IPv6 address, not a name.
bool is_ip_address(const std::string& host);

// kInvalid for anything that is not [http[s]://]HOST:PORT[/].
Result<Address> parse_address(std::string_view text);
// The same, of a server that is to be spoken to: kUnsupported where that would be in clear beyond
// this machine.
Result<Address> parse_server_url(std::string_view text);

}  // namespace duru::http

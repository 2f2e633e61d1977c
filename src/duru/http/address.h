// Where a server listens or is found: a host and a TCP port.
//
//   Result<Address> a = parse_address("http://127.0.0.1:8080");  // or "127.0.0.1:8080", "[::1]:80"
//   a.value().str() == "127.0.0.1:8080"
//
// Guarantee: parse_address(a.str()) gives `a` back for every address it accepted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "duru/base/result.h"

namespace duru::http {

struct Address {
  std::string host;  // a name, an IPv4 address or an IPv6 address without brackets
  std::uint16_t port = 0;

  std::string str() const;
  std::string url() const { return "http://" + str(); }
  bool operator==(const Address&) const = default;
};

// kInvalid for anything that is not [http://]HOST:PORT[/]; https is kUnsupported.
Result<Address> parse_address(std::string_view text);

}  // namespace duru::http

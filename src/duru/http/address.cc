#include "duru/http/address.h"

#include <charconv>

namespace duru::http {
namespace {

Error not_an_address(std::string_view text) {
  return Error{ErrorCode::kInvalid,
               "'" + std::string(text) + "' is no address; expected HOST:PORT or http://HOST:PORT",
               false, false};
}

bool parse_port(std::string_view text, std::uint16_t& port) {
  if (text.empty() || text.size() > 5) return false;
  const char* end = text.data() + text.size();
  const auto [stopped_at, fault] = std::from_chars(text.data(), end, port);
  return fault == std::errc() && stopped_at == end;
}

bool is_host(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  for (const char c : host) {
    const bool known = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '_';
    if (!known) return false;
  }
  return true;
}

bool is_ipv6(std::string_view host) {
  return host.find_first_not_of("0123456789abcdefABCDEF:.%") == std::string_view::npos &&
         host.find(':') != std::string_view::npos;
}

}  // namespace

std::string Address::str() const {
  const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return shown + ":" + std::to_string(port);
}

Result<Address> parse_address(std::string_view text) {
  std::string_view rest = text;
  if (rest.substr(0, 8) == "https://") {
    return Error{ErrorCode::kUnsupported,
                 "'" + std::string(text) + "': this build speaks http only; use http://", false,
                 false};
  }
  if (rest.substr(0, 7) == "http://") {
    rest.remove_prefix(7);
    if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  }
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos) return not_an_address(text);
  Address address;
  if (!parse_port(rest.substr(colon + 1), address.port)) return not_an_address(text);
  std::string_view host = rest.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (!is_ipv6(host)) return not_an_address(text);
  } else if (!is_host(host)) {
    return not_an_address(text);
  }
  address.host = std::string(host);
  return address;
}

}  // namespace duru::http

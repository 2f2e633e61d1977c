#include "duru/http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>

namespace duru::http {
namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";

Error not_an_address(std::string_view text) {
  return Error{ErrorCode::kInvalid,
               "'" + std::string(text) +
                   "' is no address; expected HOST:PORT, http://HOST:PORT or https://HOST:PORT",
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

bool Address::is_loopback() const {
  if (host == "localhost" || host == "::1") return true;
  in_addr ip{};
  return ::inet_pton(AF_INET, host.c_str(), &ip) == 1 && (ntohl(ip.s_addr) >> 24) == 127;
}

bool is_ip_address(const std::string& host) {
  in6_addr room{};
  return ::inet_pton(AF_INET, host.c_str(), &room) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &room) == 1;
}

Result<Address> parse_address(std::string_view text) {
  std::string_view rest = text;
  Address address;
  address.is_tls = rest.substr(0, kHttps.size()) == kHttps;
  const std::string_view scheme = address.is_tls ? kHttps : kHttp;
  if (rest.substr(0, scheme.size()) == scheme) {
    rest.remove_prefix(scheme.size());
    if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  }
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos) return not_an_address(text);
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

Result<Address> parse_server_url(std::string_view text) {
  auto address = parse_address(text);
  if (!address.ok() || address.value().is_tls || address.value().is_loopback()) return address;
  return Error{ErrorCode::kUnsupported,
               "the server " + address.value().host +
                   " is beyond this machine, and the link there would not be protected: use "
                   "https://" +
                   address.value().str(),
               false, false};
}

}  // namespace duru::http

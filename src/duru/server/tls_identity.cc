#include "duru/server/tls_identity.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <set>

#include "duru/http/certificate.h"
#include "duru/server/data_dir.h"

namespace duru {
namespace {

constexpr const char* kCaName = "duru ca";
constexpr Milliseconds kDay = hours(24);
constexpr Milliseconds kCaSpan = Milliseconds(kDay.value * 365 * 20);
constexpr Milliseconds kServerSpan = Milliseconds(kDay.value * 365 * 2);
constexpr Milliseconds kRenewedBefore = Milliseconds(kDay.value * 30);

// From yesterday on, for callers whose clock is a little behind.
http::Validity validity(Timestamp now, Milliseconds span) { return {now - kDay, now + span}; }

bool lasts(const std::string& certificate_pem, Timestamp now) {
  const auto facts = http::read_certificate(certificate_pem);
  return facts.ok() && facts.value().until > now + kRenewedBefore;
}

Error damaged(const std::string& dir, const std::string& why) {
  return Error{ErrorCode::kDamaged,
               dir + "/ca.pem and ca.key: " + why +
                   "; put both back from a backup. Without them the nodes of the field do not know "
                   "this server; to begin anew, remove both and enrol each node again",
               false, false};
}

Result<http::CertifiedKey> load_or_make_ca(const std::string& dir, Timestamp now) {
  const auto key = read_file_of(dir, "ca.key");
  if (!key.ok()) return key.error();
  const auto certificate = read_file_of(dir, "ca.pem");
  if (!certificate.ok()) return certificate.error();
  if (!key.value() && certificate.value()) return damaged(dir, "the key is missing");
  if (key.value() && certificate.value()) {
    http::CertifiedKey found{*certificate.value(), *key.value()};
    const Status fits = http::check_key(found);
    if (!fits.ok()) return damaged(dir, fits.error().message);
    if (lasts(found.certificate_pem, now)) return found;
  }
  auto made = http::make_ca(kCaName, validity(now, kCaSpan), key.value().value_or(""));
  if (!made.ok()) return damaged(dir, made.error().message);
  DURU_TRY(write_private_file(dir, "ca.key", made.value().key_pem));
  DURU_TRY(write_private_file(dir, "ca.pem", made.value().certificate_pem));
  return made;
}

// A file that is damaged is made anew like one that is missing: nobody else trusts it.
bool serves(const http::CertifiedKey& found, const http::CertifiedKey& ca,
            const std::vector<std::string>& names, Timestamp now) {
  const auto facts = http::read_certificate(found.certificate_pem);
  const auto signer = http::read_certificate(ca.certificate_pem);
  return facts.ok() && signer.ok() && http::check_key(found).ok() && facts.value().names == names &&
         facts.value().signer_id == signer.value().key_id && lasts(found.certificate_pem, now);
}

// As a certificate writes it; "" if it is no IP address.
std::string ip_text(const std::string& host) {
  std::array<unsigned char, 16> bytes{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (::inet_pton(family, host.c_str(), bytes.data()) == 1) {
      ::inet_ntop(family, bytes.data(), text.data(), text.size());
    }
  }
  return text.data();
}

bool is_everywhere(const http::Address& listen) {
  const std::string ip = ip_text(listen.host);
  return ip == "0.0.0.0" || ip == "::";
}

// Link-local addresses are left out: they mean nothing without an interface.
std::string ip_of(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address != nullptr && address->sa_family == AF_INET) {
    const auto* four = reinterpret_cast<const sockaddr_in*>(address);
    ::inet_ntop(AF_INET, &four->sin_addr, text.data(), text.size());
  }
  if (address != nullptr && address->sa_family == AF_INET6) {
    const auto* six = reinterpret_cast<const sockaddr_in6*>(address);
    const bool is_local = IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr);
    if (!is_local) ::inet_ntop(AF_INET6, &six->sin6_addr, text.data(), text.size());
  }
  return text.data();
}

void add_own_addresses(std::set<std::string>& names) {
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) return;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> list(found, &::freeifaddrs);
  for (const ifaddrs* one = list.get(); one != nullptr; one = one->ifa_next) {
    const std::string ip = ip_of(one->ifa_addr);
    if (!ip.empty()) names.insert(ip);
  }
}

}  // namespace

Result<ServerTls> load_or_make_tls(const std::string& dir, const std::vector<std::string>& names,
                                   Timestamp now) {
  const auto ca = load_or_make_ca(dir, now);
  if (!ca.ok()) return ca.error();
  auto fingerprint = http::fingerprint_of(ca.value().certificate_pem);
  if (!fingerprint.ok()) return fingerprint.error();
  const auto kept = read_file_of(dir, "server.pem");
  if (!kept.ok()) return kept.error();
  // The certificate, and behind it the key.
  const std::string text = kept.value().value_or("");
  const std::size_t border = std::min(text.find("-----BEGIN PRIVATE KEY"), text.size());
  http::CertifiedKey mine{text.substr(0, border), text.substr(border)};
  if (!serves(mine, ca.value(), names, now)) {
    auto made = http::issue(ca.value(), names, validity(now, kServerSpan));
    if (!made.ok()) return made.error();
    mine = std::move(made.value());
    DURU_TRY(write_private_file(dir, "server.pem", mine.certificate_pem + mine.key_pem));
  }
  return ServerTls{{mine.certificate_pem + ca.value().certificate_pem, mine.key_pem},
                   std::move(fingerprint.value())};
}

std::vector<std::string> names_of_server(const http::Address& listen,
                                         const std::vector<std::string>& further) {
  std::set<std::string> names = {"127.0.0.1", "::1", "localhost"};
  for (const std::string& name : further) {
    const std::string ip = ip_text(name);
    names.insert(ip.empty() ? name : ip);
  }
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0) {
    const auto named = http::parse_address(std::string(host.data()) + ":1");
    if (named.ok()) names.insert(named.value().host);
  }
  if (is_everywhere(listen)) {
    add_own_addresses(names);
  } else {
    const std::string ip = ip_text(listen.host);
    names.insert(ip.empty() ? listen.host : ip);
  }
  return {names.begin(), names.end()};
}

http::Address address_from_here(const http::Address& listen) {
  http::Address reached = listen;
  if (is_everywhere(listen)) reached.host = ip_text(listen.host) == "::" ? "::1" : "127.0.0.1";
  return reached;
}

}  // namespace duru

#include "duru/server/tls_identity.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "duru/base/clock.h"
#include "duru/http/certificate.h"

namespace duru {
namespace {

constexpr Milliseconds kDay = hours(24);

class TlsIdentityTest : public ::testing::Test {
 protected:
  TlsIdentityTest() {
    std::string name = std::filesystem::temp_directory_path() / "duru-tls-XXXXXX";
    dir_ = ::mkdtemp(name.data());
  }
  ~TlsIdentityTest() override { std::filesystem::remove_all(dir_); }

  ServerTls tls(Timestamp now, const std::vector<std::string>& names = {"10.0.0.1", "gateway"}) {
    auto made = load_or_make_tls(dir_, names, now);
    EXPECT_TRUE(made.ok()) << made.error().message;
    return made.value();
  }
  std::string file(const std::string& name) const {
    std::ifstream in(dir_ + "/" + name);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  http::CertificateFacts facts() const {
    return http::read_certificate(file("server.pem")).value();
  }

  const Timestamp now_ = wall_time();
  std::string dir_;
};

TEST_F(TlsIdentityTest, is_made_once_and_its_keys_are_the_owner_s_alone) {
  const ServerTls first = tls(now_);
  EXPECT_EQ(facts().names, (std::vector<std::string>{"10.0.0.1", "gateway"}));
  EXPECT_EQ(first.identity.chain_pem.find(file("ca.pem")) == std::string::npos, false)
      << "the CA is shown, so that nodes can fetch it";
  for (const char* name : {"ca.key", "server.pem"}) {
    struct stat info {};
    ASSERT_EQ(::stat((dir_ + "/" + name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U) << name;
  }
  const ServerTls second = tls(now_ + kDay);
  EXPECT_EQ(second.identity.chain_pem, first.identity.chain_pem);
  EXPECT_EQ(second.ca_fingerprint, first.ca_fingerprint);
}

TEST_F(TlsIdentityTest, other_names_and_a_near_end_renew_the_server_s_certificate_alone) {
  const ServerTls first = tls(now_);
  const ServerTls renamed = tls(now_, {"10.0.0.2"});
  EXPECT_EQ(facts().names, (std::vector<std::string>{"10.0.0.2"}));
  EXPECT_NE(renamed.identity.chain_pem, first.identity.chain_pem);
  const Timestamp near_end = facts().until - Milliseconds(29 * kDay.value);
  const ServerTls later = tls(near_end, {"10.0.0.2"});
  EXPECT_GT(facts().until, near_end + Milliseconds(700 * kDay.value));
  EXPECT_EQ(later.ca_fingerprint, first.ca_fingerprint);
}

TEST_F(TlsIdentityTest, a_damaged_server_certificate_is_made_anew) {
  tls(now_);
  std::ofstream(dir_ + "/server.pem") << "half a certif";
  tls(now_);
  EXPECT_EQ(facts().names.size(), 2U);
}

TEST_F(TlsIdentityTest, a_ca_that_ran_out_is_made_anew_for_the_same_key) {
  tls(now_);
  const auto old = http::read_certificate(file("ca.pem")).value();
  const Timestamp later = now_ + Milliseconds(kDay.value * 365 * 20);
  tls(later);
  const auto renewed = http::read_certificate(file("ca.pem")).value();
  EXPECT_EQ(renewed.key_id, old.key_id) << "who trusts the old one knows the server still";
  EXPECT_GT(renewed.until, later);
}

TEST_F(TlsIdentityTest, a_ca_that_is_half_there_is_damage_and_says_what_helps) {
  tls(now_);
  const std::string ca = file("ca.pem");
  std::filesystem::remove(dir_ + "/ca.key");
  const auto lost = load_or_make_tls(dir_, {"a"}, now_);
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().code, ErrorCode::kDamaged);
  EXPECT_NE(lost.error().message.find("from a backup"), std::string::npos);
  std::filesystem::remove(dir_ + "/ca.pem");
  tls(now_);
  std::ofstream(dir_ + "/ca.pem") << ca;
  EXPECT_EQ(load_or_make_tls(dir_, {"a"}, now_).error().code, ErrorCode::kDamaged);
}

TEST(ServerNamesTest, hold_loopback_and_the_address_or_all_addresses) {
  const auto has = [](const http::Address& listen, const std::string& name) {
    const auto names = names_of_server(listen, {"gate.example.org", "2001:DB8::0:2"});
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const char* name : {"127.0.0.1", "::1", "localhost", "192.0.2.1"}) {
    EXPECT_TRUE(has({"192.0.2.1", 1}, name)) << name;
  }
  EXPECT_TRUE(has({"2001:DB8::0:1", 1}, "2001:db8::1")) << "as a certificate writes it";
  EXPECT_TRUE(has({"0.0.0.0", 1}, "gate.example.org"));
  EXPECT_TRUE(has({"0.0.0.0", 1}, "2001:db8::2"));
  EXPECT_FALSE(has({"0.0.0.0", 1}, "0.0.0.0"));
  EXPECT_EQ(address_from_here({"0.0.0.0", 7, true}).url(), "https://127.0.0.1:7");
  EXPECT_EQ(address_from_here({"::", 7, true}).url(), "https://[::1]:7");
  EXPECT_EQ(address_from_here({"10.0.0.1", 7, true}).url(), "https://10.0.0.1:7");
}

}  // namespace
}  // namespace duru

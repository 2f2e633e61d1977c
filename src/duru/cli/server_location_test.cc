#include "duru/cli/server_location.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "duru/base/clock.h"
#include "duru/cli/api_client.h"
#include "duru/http/certificate.h"

namespace duru::cli {
namespace {

std::string new_ca() {
  const Timestamp now = wall_time();
  return http::make_ca("a test's ca", {now, now + hours(1)}).value().certificate_pem;
}

class ServerLocationTest : public ::testing::Test {
 protected:
  ServerLocationTest() {
    std::string name = std::filesystem::temp_directory_path() / "duru-location-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    set_["HOME"] = folder_;
  }
  ~ServerLocationTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path whole = std::filesystem::path(folder_) / path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
  }
  Environment environment() const {
    return [set = set_](const std::string& name) -> std::optional<std::string> {
      const auto it = set.find(name);
      return it == set.end() ? std::nullopt : std::optional(it->second);
    };
  }
  // "HOST:PORT TOKEN", or the error.
  std::string find(const LocationOptions& options) const {
    const auto found = find_server(options, environment());
    if (!found.ok()) return found.error().message;
    return found.value().address.str() + " " + found.value().token;
  }

  std::string folder_;
  std::map<std::string, std::string> set_;
};

TEST_F(ServerLocationTest, a_server_that_is_named_comes_first) {
  set_["DURU_SERVER"] = "http://127.0.0.1:2";
  set_["DURU_TOKEN"] = "secret";
  write("d/address", "127.0.0.1:3\n");
  EXPECT_EQ(find({.server = "http://127.0.0.1:1", .token = {}, .data = folder_ + "/d"}),
            "127.0.0.1:1 secret");
  EXPECT_EQ(find({.server = "127.0.0.1:1", .token = "mine", .data = {}}), "127.0.0.1:1 mine");
}

TEST_F(ServerLocationTest, a_data_folder_has_address_and_token) {
  set_["DURU_SERVER"] = "http://127.0.0.1:2";
  set_["DURU_TOKEN"] = "of another server";
  write("d/address", "127.0.0.1:3\n");
  write("d/token", "local\n");
  EXPECT_EQ(find({.server = {}, .token = {}, .data = folder_ + "/d"}), "127.0.0.1:3 local");
}

TEST_F(ServerLocationTest, then_the_environment_then_the_configuration_then_the_default_folder) {
  write(".local/state/duru/address", "127.0.0.1:5\n");
  write(".local/state/duru/token", "five\n");
  EXPECT_EQ(find({}), "127.0.0.1:5 five");
  write(".config/duru/config.yaml", "server: http://127.0.0.1:4\ntoken: four\n");
  EXPECT_EQ(find({}), "127.0.0.1:4 four");
  set_["XDG_CONFIG_HOME"] = folder_ + "/elsewhere";
  EXPECT_EQ(find({}), "127.0.0.1:5 five");
  set_["DURU_SERVER"] = "http://127.0.0.1:2";
  EXPECT_EQ(find({}), "127.0.0.1:2 ");
}

TEST_F(ServerLocationTest, what_is_missing_or_wrong_is_told_with_what_helps) {
  EXPECT_NE(find({.server = {}, .token = {}, .data = "/none"}).find("duru --data /none up"),
            std::string::npos);
  EXPECT_NE(find({.server = "nonsense", .token = {}, .data = {}}).find("http://HOST:PORT"),
            std::string::npos);
  write(".config/duru/config.yaml", "server: [\n");
  EXPECT_NE(find({}).find("config.yaml:2:"), std::string::npos) << find({});
}

TEST_F(ServerLocationTest, a_server_that_does_not_answer_has_a_next_step) {
  EXPECT_NE(find({}).find("`duru up --detach`"), std::string::npos) << find({});
  write("d/address", "127.0.0.1:1\n");
  write("d/token", "t\n");
  const LocationOptions here{.server = {}, .token = {}, .data = folder_ + "/d"};
  const auto found = find_server(here, environment());
  ASSERT_TRUE(found.ok());
  ApiClient api(found.value(), [&] { return found; });
  const auto answer = api.get("/readyz");
  ASSERT_FALSE(answer.ok());
  const std::string& told = answer.error().message;
  EXPECT_NE(told.find("`duru --data " + folder_ + "/d up --detach`"), std::string::npos) << told;
  EXPECT_NE(told.find("--server URL"), std::string::npos) << told;
}

TEST_F(ServerLocationTest, an_https_server_brings_the_ca_that_is_named_for_it) {
  const std::string named = new_ca();
  const std::string of_the_environment = new_ca();
  const std::string its_own = new_ca();
  write("ca.pem", named);
  write("d/address", "https://127.0.0.1:3\n");
  write("d/token", "t\n");
  write("d/ca.pem", its_own);
  const auto ca = [&](const LocationOptions& options) {
    const auto found = find_server(options, environment());
    return found.ok() ? found.value().ca_pem : found.error().message;
  };
  const std::string file = folder_ + "/ca.pem";
  const std::string url = "https://192.0.2.1:1";
  EXPECT_EQ(ca({.server = url, .token = {}, .data = {}, .ca = file}), named);
  EXPECT_EQ(ca({.server = url, .token = {}, .data = {}}), "");
  EXPECT_EQ(ca({.server = {}, .token = {}, .data = folder_ + "/d"}), its_own);
  EXPECT_NE(ca({.server = url, .token = {}, .data = {}, .ca = file + "-none"}).find(file + "-none"),
            std::string::npos);
  write(".config/duru/config.yaml", "server: " + url + "\nca: " + file + "\n");
  EXPECT_EQ(ca({}), named);
  write("other.pem", of_the_environment);
  set_["DURU_CA"] = folder_ + "/other.pem";
  EXPECT_EQ(ca({}), of_the_environment);
  set_["DURU_SERVER"] = url;
  EXPECT_EQ(ca({}), of_the_environment);
  EXPECT_EQ(ca({.server = {}, .token = {}, .data = folder_ + "/d"}), its_own);
}

TEST_F(ServerLocationTest, a_ca_file_without_a_certificate_is_a_usage_error) {
  write("ca.pem", "no certificate\n");
  const auto found = find_server(
      {.server = "https://192.0.2.1:1", .token = {}, .data = {}, .ca = folder_ + "/ca.pem"},
      environment());
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ErrorCode::kInvalid);
  EXPECT_NE(found.error().message.find("/ca.pem holds no certificate"), std::string::npos)
      << found.error().message;
}

TEST_F(ServerLocationTest, no_token_goes_to_another_machine_in_clear) {
  const std::string told = find({.server = "http://192.0.2.1:1", .token = "secret", .data = {}});
  EXPECT_NE(told.find("use https://192.0.2.1:1"), std::string::npos) << told;
}

TEST_F(ServerLocationTest, the_default_data_folder_follows_xdg) {
  EXPECT_EQ(data_folder_of(std::nullopt, environment()), folder_ + "/.local/state/duru");
  set_["XDG_STATE_HOME"] = "/state";
  EXPECT_EQ(data_folder_of(std::nullopt, environment()), "/state/duru");
  EXPECT_EQ(data_folder_of("/d", environment()), "/d");
  EXPECT_EQ(data_folder_of("../d", environment()),
            std::filesystem::current_path().parent_path() / "d");
}

}  // namespace
}  // namespace duru::cli

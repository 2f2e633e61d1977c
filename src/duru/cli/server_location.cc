#include "duru/cli/server_location.h"

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>

#include "duru/cli/document.h"
#include "duru/cli/files.h"
#include "duru/cli/json_access.h"
#include "duru/http/tls.h"

namespace duru::cli {
namespace {

constexpr std::size_t kSmallFileBytesMax = std::size_t{64} << 10;

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.pop_back();
  }
  return text;
}

struct Credentials {
  std::string token;
  std::string ca;  // a file; "" : none
};

Result<ServerLocation> at(const std::string& url, const Credentials& with, std::string how) {
  auto address = http::parse_server_url(url);
  if (!address.ok()) {
    Error error = address.error();
    error.message = how + ": " + error.message;
    if (error.code == ErrorCode::kInvalid) error.message += "; give http://HOST:PORT";
    error.code = ErrorCode::kInvalid;  // whoever typed it can mend it
    return error;
  }
  ServerLocation found{address.value(), with.token, std::move(how),
                       "--server URL or --data DIR names another server; `duru up --detach` "
                       "starts one on this machine"};
  if (!found.address.is_tls || with.ca.empty()) return found;
  auto pem = read_whole_file(with.ca, kSmallFileBytesMax);
  if (!pem.ok()) {
    return Error{ErrorCode::kInvalid, "the server's CA: " + pem.error().message, false, false};
  }
  if (!http::holds_certificate(pem.value())) {
    return Error{ErrorCode::kInvalid,
                 "the server's CA: " + with.ca + " holds no certificate (PEM); give a copy of " +
                     "ca.pem in the server's data folder",
                 false, false};
  }
  found.ca_pem = std::move(pem.value());
  return found;
}

// `data` is --data, if it was given.
Result<ServerLocation> in_data_folder(const std::optional<std::string>& data,
                                      const Environment& environment,
                                      const std::optional<std::string>& token,
                                      const std::optional<std::string>& ca) {
  const std::string dir = data_folder_of(data, environment);
  const std::string remedy = "`duru " + (data.has_value() ? "--data " + dir + " " : "") +
                             "up --detach` starts one, --server URL names another";
  const auto address = read_whole_file(dir + "/address", kSmallFileBytesMax);
  if (!address.ok()) {
    return Error{ErrorCode::kUnavailable,
                 "no server runs on the data folder " + dir + "; " + remedy, true, false};
  }
  std::string secret = token.value_or("");
  if (!token.has_value()) {
    auto read = read_whole_file(dir + "/token", kSmallFileBytesMax);
    if (!read.ok()) return read.error();
    secret = trimmed(std::move(read.value()));
  }
  auto found = at(trimmed(address.value()), {std::move(secret), ca.value_or(dir + "/ca.pem")},
                  "the data folder " + dir);
  if (found.ok()) found.value().remedy = remedy;
  return found;
}

struct Configuration {
  std::string server;
  Credentials with;
};

// Empty members when there is no such file.
Result<Configuration> read_configuration(const Environment& environment) {
  std::string base = environment("XDG_CONFIG_HOME").value_or("");
  if (base.empty()) {
    const auto home = environment("HOME");
    if (!home.has_value()) return Configuration{};
    base = *home + "/.config";
  }
  const std::string path = base + "/duru/config.yaml";
  const auto text = read_whole_file(path, kSmallFileBytesMax);
  if (!text.ok()) {
    if (text.error().code == ErrorCode::kNotFound) return Configuration{};
    return text.error();
  }
  const DocumentResult read = read_document(text.value(), DocumentForm::kYamlOrJson);
  if (!read.problems.empty()) {
    return Error{ErrorCode::kInvalid, describe(path, read.problems[0]), false, false};
  }
  const boost::json::value root = boost::json::parse(read.document.json);
  return Configuration{text_of(root, "server"), {text_of(root, "token"), text_of(root, "ca")}};
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
  };
}

std::string data_folder_of(const std::optional<std::string>& given,
                           const Environment& environment) {
  if (given.has_value()) return std::filesystem::absolute(*given).lexically_normal().string();
  if (const auto state = environment("XDG_STATE_HOME")) return *state + "/duru";
  return environment("HOME").value_or("") + "/.local/state/duru";
}

Result<ServerLocation> find_server(const LocationOptions& options, const Environment& environment) {
  const auto token = options.token.has_value() ? options.token : environment("DURU_TOKEN");
  const auto ca = options.ca.has_value() ? options.ca : environment("DURU_CA");
  const Credentials given{token.value_or(""), ca.value_or("")};
  if (options.server.has_value()) return at(*options.server, given, "--server");
  const auto in_folder = [&] {
    return in_data_folder(options.data, environment, options.token, options.ca);
  };
  if (options.data.has_value()) return in_folder();
  if (const auto url = environment("DURU_SERVER")) return at(*url, given, "DURU_SERVER");
  auto configuration = read_configuration(environment);
  if (!configuration.ok()) return configuration.error();
  if (configuration.value().server.empty()) return in_folder();
  Credentials with = std::move(configuration.value().with);
  if (token.has_value()) with.token = *token;
  if (ca.has_value()) with.ca = *ca;
  return at(configuration.value().server, with, "the configuration");
}

}  // namespace duru::cli

// What every verb is given: the global options, where to speak, the environment, and the way to the
// server.
//
//   Result<ApiClient> api = context.connect();
//   if (!api.ok()) return context.fail(api.error());
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "duru/base/result.h"
#include "duru/cli/api_client.h"
#include "duru/cli/console.h"
#include "duru/cli/server_location.h"

namespace duru::cli {

enum class Output { kTable, kWide, kJson, kYaml, kName };
constexpr bool is_table(Output output) {
  return output == Output::kTable || output == Output::kWide;
}

struct GlobalOptions {
  std::optional<std::string> server;
  std::optional<std::string> token;
  std::optional<std::string> data;
  std::optional<std::string> ca;
  std::string project = "default";
  std::string output = "table";
  bool no_headers = false;
};

class Context {
 public:
  Context(const GlobalOptions& options, Console& console, Environment environment)
      : options_(options), console_(console), environment_(std::move(environment)) {}

  const GlobalOptions& options() const { return options_; }
  Console& console() { return console_; }
  const Environment& environment() const { return environment_; }
  Output output() const;
  const std::string& project() const { return options_.project; }
  // The data folder of a local server: --data, else the default one.
  std::string data_folder() const { return data_folder_of(options_.data, environment_); }

  // A client of the server that the options, the environment or the configuration name. It is
  // reached with the first request, and found anew when a connection fails.
  Result<ApiClient> connect() const;

  // Says the error and answers the exit code that belongs to it.
  int fail(const Error& error);
  int fail_usage(const std::string& message);

 private:
  const GlobalOptions& options_;
  Console& console_;
  Environment environment_;
};

}  // namespace duru::cli

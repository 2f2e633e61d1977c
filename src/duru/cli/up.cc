#include <algorithm>
#include <charconv>
#include <memory>

#include "duru/cli/background.h"
#include "duru/cli/document.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/files.h"
#include "duru/cli/verbs.h"
#include "duru/http/address.h"
#include "duru/server/server.h"

namespace duru::cli {
namespace {

struct UpOptions {
  std::string listen;
  std::optional<std::string> names;
  std::optional<std::string> emulate;
  std::optional<std::string> fleet;
  bool detach = false;
  bool accept_clock = false;
};

Error wrong_emulate(const std::string& part) {
  return {ErrorCode::kInvalid,
          "--emulate: expected CHIP=N,CHIP=N…, like h100=2,aries=1; got \"" + part +
              "\" (\"\" emulates nothing any more)",
          false, false};
}

// "h100=2,aries=1"; "" is no chip at all.
Result<std::map<std::string, int>> parse_emulate(const std::string& text) {
  std::map<std::string, int> chips;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find(',', from), text.size());
    const std::string part = text.substr(from, end - from);
    const std::size_t equals = part.find('=');
    int count = 0;
    if (equals == std::string::npos || equals == 0) return wrong_emulate(part);
    const char* stop = part.data() + part.size();
    const auto [read, error] = std::from_chars(part.data() + equals + 1, stop, count);
    if (error != std::errc() || read != stop || count < 0 || count > 10'000) {
      return wrong_emulate(part);
    }
    if (!chips.emplace(part.substr(0, equals), count).second) return wrong_emulate(part);
    from = end + 1;
  }
  return chips;
}

// "gate.example.org,10.0.0.5"; "" is no further name.
Result<std::vector<std::string>> parse_names(const std::string& text) {
  std::vector<std::string> names;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find(',', from), text.size());
    const std::string name = text.substr(from, end - from);
    const bool is_host =
        http::parse_address((name.find(':') == name.npos ? name : "[" + name + "]") + ":1").ok();
    if (name.empty() || !is_host) {
      return Error{ErrorCode::kInvalid,
                   "--name: expected NAME,NAME…, host names or IP addresses without a port, like "
                   "gate.example.org,10.0.0.5; got \"" +
                       name + "\"",
                   false, false};
    }
    names.push_back(name);
    from = end + 1;
  }
  return names;
}

Result<std::string> read_fleet_file(const std::string& path) {
  const auto text = read_whole_file(path, kDocumentBytesMax);
  if (!text.ok()) return Error{ErrorCode::kInvalid, text.error().message, false, false};
  DocumentResult read = read_document(text.value(), DocumentForm::kYamlOrJson);
  if (!read.problems.empty()) {
    return Error{ErrorCode::kInvalid, describe(path, read.problems[0]), false, false};
  }
  return std::move(read.document.json);
}

Result<ServerOptions> server_options(Context& context, const UpOptions& options) {
  ServerOptions server;
  server.data_dir = context.data_folder();
  server.listen = options.listen;
  server.accept_clock = options.accept_clock;
  if (options.names.has_value()) {
    auto names = parse_names(*options.names);
    if (!names.ok()) return names.error();
    server.names = std::move(names.value());
  }
  if (options.emulate.has_value()) {
    auto chips = parse_emulate(*options.emulate);
    if (!chips.ok()) return chips.error();
    server.emulate = std::move(chips.value());
  }
  if (options.fleet.has_value()) {
    // "" goes back to this machine alone.
    auto fleet = options.fleet->empty() ? Result<std::string>("") : read_fleet_file(*options.fleet);
    if (!fleet.ok()) return fleet.error();
    server.fleet_file_json = std::move(fleet.value());
  }
  return server;
}

int run_up(Context& context, const UpOptions& options) {
  const auto server = server_options(context, options);
  if (!server.ok()) return context.fail(server.error());
  if (!options.detach) return run_server(server.value());
  return start_in_background(context, server.value().data_dir,
                             [&] { return run_server(server.value()); });
}

}  // namespace

Verb up_verb() {
  auto options = std::make_shared<UpOptions>();
  return {.name = "up",
          .summary = "Start the server of this machine",
          .examples =
              "  duru up                                # in the foreground; Ctrl-C stops it\n"
              "  duru up --detach --emulate h100=2,aries=1\n"
              "  duru up --detach --data /srv/duru --listen 127.0.0.1:7700\n"
              "  duru up --detach --listen 0.0.0.0:7700 --name gate.example.org\n"
              "What runs goes on when the server stops. --listen, --name, --emulate and --fleet\n"
              "are remembered: a later `duru up` without them changes nothing.\n",
          .arguments = {option("--listen", "HOST:PORT", &options->listen,
                               "where to listen; port 0 takes a free one; first: 127.0.0.1:0"),
                        option("--name", "NAME,...", &options->names,
                               "further names that the server's certificate is for"),
                        option("--emulate", "CHIP=N,...", &options->emulate,
                               "accelerators to emulate on this machine's CPU"),
                        option("--fleet", "FILE", &options->fleet,
                               "a YAML or JSON file of emulated nodes"),
                        flag("--detach", &options->detach, "return once it is ready"),
                        flag("--accept-clock", &options->accept_clock,
                             "start although the clock jumped by more than 30 days")},
          .run = [options](Context& context) { return run_up(context, *options); }};
}

}  // namespace duru::cli

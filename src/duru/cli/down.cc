#include <boost/json.hpp>
#include <chrono>
#include <memory>
#include <thread>

#include "duru/base/clock.h"
#include "duru/cli/background.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/json_access.h"
#include "duru/cli/verbs.h"

namespace duru::cli {
namespace {

constexpr Milliseconds kStopMax = seconds(60);
constexpr Milliseconds kLeaveMax = seconds(15);

struct DownOptions {
  bool all = false;
  std::string timeout = "5m";
};

// Nodes that were started to end with this server hear it at their next report. One that does not
// hear it serves on, and ends when it finds the server again.
// Gives how many others go on.
Result<std::int64_t> end_nodes(Context& context, ApiClient& api) {
  const std::int64_t end_ms = boottime_ms() + kLeaveMax.value;
  for (std::int64_t told = 0;;) {
    const auto body = api.post("/v1/end_nodes", "{}");
    if (!body.ok()) return body.error();
    const auto answer = parse_answer(body.value());
    if (!answer.ok()) return answer.error();
    const std::int64_t left = number_of(answer.value(), "node_count").value_or(0);
    const std::int64_t staying = number_of(answer.value(), "staying_count").value_or(0);
    if (left == 0) return staying;
    if (boottime_ms() > end_ms) {
      context.console().note(std::to_string(left) + " nodes have not left within " +
                             format_duration(kLeaveMax) + "; they serve on");
      return staying;
    }
    if (left != told) context.console().progress("waiting for " + std::to_string(left) + " nodes");
    told = left;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

// Asks until nothing is unfinished: what is being stopped is given its grace.
// Gives how many nodes of the field go on all the same.
Result<std::int64_t> end_all(Context& context, const std::string& dir, Milliseconds timeout) {
  const auto found = find_server({.server = {}, .token = context.options().token, .data = dir},
                                 context.environment());
  if (!found.ok()) return found.error();
  ApiClient api(found.value(), [&] { return found; });
  auto staying = end_nodes(context, api);
  if (!staying.ok()) return staying;
  const std::int64_t end_ms = boottime_ms() + timeout.value;
  for (std::size_t told = 0;;) {
    const auto body = api.post("/v1/end_all", R"({"reason":"duru down --all"})");
    if (!body.ok()) return body.error();
    const auto answer = parse_answer(body.value());
    if (!answer.ok()) return answer.error();
    const std::size_t left = list_of(answer.value(), "items").size();
    if (left == 0) return staying;
    if (left != told) context.console().progress("ending " + std::to_string(left) + " jobs");
    told = left;
    if (boottime_ms() > end_ms) {
      return Error{ErrorCode::kTimeout,
                   std::to_string(left) + " jobs have not ended after " + format_duration(timeout) +
                       "; the server still runs, duru get jobs shows them",
                   true, false};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

std::string ending_text(bool all, std::int64_t staying) {
  if (!all) return "the server has stopped; what runs goes on, duru up comes back to it";
  const std::string ended = "all work is ended and the server has stopped";
  if (staying == 0) return ended;
  return "all work but that of the field is ended and the server has stopped; " +
         std::to_string(staying) +
         (staying == 1 ? " node of the field goes on" : " nodes of the field go on") +
         " (not started with --ephemeral)";
}

int run_down(Context& context, const DownOptions& options) {
  Milliseconds timeout;
  if (!parse_duration(options.timeout, timeout)) {
    return context.fail_usage("--timeout: expected a duration like 5m, got \"" + options.timeout +
                              "\"");
  }
  const std::string dir = context.data_folder();
  const auto server = RunningServer::find(dir);
  if (!server.ok()) return context.fail(server.error());
  std::int64_t staying = 0;
  if (options.all) {
    const auto ended = end_all(context, dir, timeout);
    if (!ended.ok()) return context.fail(ended.error());
    staying = ended.value();
  }
  const Status told = server.value().terminate();
  if (!told.ok()) return context.fail(told.error());
  const Status gone = server.value().wait_for_end(kStopMax);
  if (!gone.ok()) return context.fail(gone.error());
  context.console().note(ending_text(options.all, staying));
  return kExitOk;
}

}  // namespace

Verb down_verb() {
  auto options = std::make_shared<DownOptions>();
  return {.name = "down",
          .summary = "Stop the server of this machine; with --all, its work and its own nodes too",
          .examples =
              "  duru down                  # work goes on; duru up comes back to it\n"
              "  duru down --all            # cancel every job first\n"
              "  duru --data /srv/duru down\n",
          .arguments = {flag("--all", &options->all, "end every job first"),
                        option("--timeout", "DURATION", &options->timeout,
                               "how long the jobs may take to end; default: 5m")},
          .run = [options](Context& context) { return run_down(context, *options); }};
}

}  // namespace duru::cli

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>

#include "duru/cli/context.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/verbs.h"
#include "duru/http/owned_fd.h"

// A task whose behaviour is known: what scenarios and examples run, and what the simulated engine
// plays.
namespace duru::cli {
namespace {

struct TaskOptions {
  std::string span = "0s";
  std::optional<std::int64_t> exit_code;
  bool ignore_term = false;
  std::string output;
};

// Until a moment, so that a signal that is handled does not make it longer.
void wait_for(Milliseconds span) {
  timespec until{};
  ::clock_gettime(CLOCK_BOOTTIME, &until);
  const std::int64_t ns = until.tv_nsec + span.value % 1000 * 1'000'000;
  until.tv_sec += span.value / 1000 + ns / 1'000'000'000;
  until.tv_nsec = ns % 1'000'000'000;
  while (::clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

Status write_output(Context& context, const std::string& name) {
  const auto folder = context.environment()("DURU_OUTPUTS");
  if (!folder.has_value()) {
    return Error{ErrorCode::kInvalid, "DURU_OUTPUTS is not set: --output is for tasks of a job",
                 false, false};
  }
  const std::string path = *folder + "/" + name;
  const http::OwnedFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.open()) return system_error(path, errno);
  const std::string text = "written by duru task\n";
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return system_error(path, errno);
  }
  return ok_status();
}

int run_task(Context& context, const TaskOptions& options) {
  Milliseconds span;
  if (!parse_duration(options.span, span)) {
    return context.fail_usage("--for: expected a duration like 200ms, got \"" + options.span +
                              "\"");
  }
  const std::int64_t exit_code = options.exit_code.value_or(0);
  if (exit_code < 0 || exit_code > 255) {
    return context.fail_usage("--exit: expected 0 to 255, got " + std::to_string(exit_code));
  }
  if (options.ignore_term) std::signal(SIGTERM, SIG_IGN);
  wait_for(span);
  if (!options.output.empty()) {
    const Status written = write_output(context, options.output);
    if (!written.ok()) return context.fail(written.error());
  }
  return static_cast<int>(exit_code);
}

}  // namespace

Verb task_verb() {
  auto options = std::make_shared<TaskOptions>();
  return {.name = "task",
          .summary = "A task whose behaviour is known, to try things out with",
          .examples =
              "  duru run -- duru task --for 2s --exit 3\n"
              "  duru run -- duru task --for 1m --ignore-term    # then: duru cancel\n",
          .arguments = {option("--for", "DURATION", &options->span, "run so long; default: 0s"),
                        option("--exit", "CODE", &options->exit_code, "then exit with this code"),
                        flag("--ignore-term", &options->ignore_term, "take no notice of SIGTERM"),
                        option("--output", "NAME", &options->output,
                               "write a small file into $DURU_OUTPUTS")},
          .run = [options](Context& context) { return run_task(context, *options); }};
}

}  // namespace duru::cli

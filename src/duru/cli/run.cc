#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <csignal>
#include <memory>

#include "duru/cli/context.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/interrupt.h"
#include "duru/cli/job_follower.h"
#include "duru/cli/json_access.h"
#include "duru/cli/submission.h"
#include "duru/cli/verbs.h"

namespace duru::cli {
namespace {

struct RunOptions {
  std::optional<std::string> chip;
  std::optional<std::string> track;
  std::optional<std::string> amount;
  std::optional<std::string> cpu;
  std::optional<std::string> memory;
  std::optional<std::string> time_limit;
  std::string name;
  std::vector<std::string> env;
  std::vector<std::string> files;
  std::vector<std::string> command;
};

// Reads one option as the field of a job that it stands for.
template <class Quantity>
Status read_quantity(const char* flag, const std::optional<std::string>& text, Quantity& out) {
  if (!text.has_value()) return ok_status();
  const Type& type = type_of<Quantity>();
  if (type.from_text(&out, *text)) return ok_status();
  return Error{
      ErrorCode::kInvalid,
      std::string(flag) + ": expected " + std::string(type.name) + ", got \"" + *text + "\"", false,
      false};
}

Status read_env(const RunOptions& options, JobSpec& spec) {
  for (const std::string& pair : options.env) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{ErrorCode::kInvalid, "--env: expected NAME=VALUE, got \"" + pair + "\"", false,
                   false};
    }
    spec.env[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return ok_status();
}

Status read_need(const RunOptions& options, JobSpec& spec) {
  if (options.cpu.has_value()) DURU_TRY(read_quantity("--cpu", options.cpu, spec.cpu.emplace()));
  DURU_TRY(read_quantity("--memory", options.memory, spec.memory));
  DURU_TRY(read_quantity("--time-limit", options.time_limit, spec.time_limit));
  std::optional<MilliDevices> amount;
  if (options.amount.has_value()) {
    DURU_TRY(read_quantity("--amount", options.amount, amount.emplace()));
  }
  if (options.chip.has_value()) {
    Variant& variant = spec.variants.emplace_back();
    variant.chip = ChipName(*options.chip);
    variant.amount = amount;
  } else if (options.track.has_value()) {
    spec.track = *options.track == "gpu" ? Track::kGpu : Track::kNpu;
    spec.amount = amount;
  } else if (amount.has_value()) {
    return Error{ErrorCode::kInvalid, "--amount: of which accelerator? add --chip or --track",
                 false, false};
  }
  return ok_status();
}

// A file keeps its path when it lies below this folder, else its last name alone.
LocalFile local_file(const std::string& path) {
  LocalFile file;
  file.from = path;
  file.path = is_path_below(path) ? path : path.substr(path.rfind('/') + 1);
  return file;
}

Result<JobDocument> document_of(const RunOptions& options) {
  if (options.command.empty()) {
    return Error{ErrorCode::kInvalid,
                 "no command; it stands behind \"--\": duru run -- python3 train.py", false, false};
  }
  if (options.chip.has_value() && options.track.has_value()) {
    return Error{ErrorCode::kInvalid, "give --chip or --track, not both", false, false};
  }
  JobDocument document;
  LocalJob& job = document.jobs.emplace_back();
  job.spec.name = options.name;
  job.spec.command = options.command;
  DURU_TRY(read_env(options, job.spec));
  DURU_TRY(read_need(options, job.spec));
  for (const std::string& path : options.files) job.files.push_back(local_file(path));
  for (const FileProblem& problem : check_files(document, "")) {
    return Error{ErrorCode::kInvalid, "--file: " + problem.detail, false, false};
  }
  return document;
}

// The option that a field of the job came from: whoever typed options knows no fields.
std::string flag_of_field(const std::string& pointer) {
  constexpr std::pair<std::string_view, std::string_view> kFlags[] = {
      {"/variants/0/chip", "--chip"},
      {"/variants/0/amount", "--amount"},
      {"/amount", "--amount"},
      {"/track", "--track"},
      {"/cpu", "--cpu"},
      {"/memory", "--memory"},
      {"/time_limit", "--time-limit"},
      {"/name", "--name"},
      {"/env", "--env"},
      {"/files", "--file"},
      {"/command", "the command"},
  };
  for (const auto& [field, flag] : kFlags) {
    if (pointer.compare(0, field.size(), field) == 0) return std::string(flag) + ": ";
  }
  return "";
}

int fail_submit(Context& context, const Submitted& sent) {
  Error error = *sent.error;
  if (!sent.problems.empty()) {
    error.message.insert(0, flag_of_field(sent.problems.front().pointer));
  }
  return context.fail(error);
}

// Whether somebody meant to give the command something to read: a job has no standard input.
bool has_input() {
  struct stat file {};
  if (::fstat(STDIN_FILENO, &file) != 0) return false;
  if (S_ISREG(file.st_mode)) return file.st_size > ::lseek(STDIN_FILENO, 0, SEEK_CUR);
  int waiting = 0;
  return S_ISFIFO(file.st_mode) && ::ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 && waiting > 0;
}

// On a client of its own: it is also called from the thread that hears Ctrl-C.
void cancel_job(Context& context, const ApiClient& api, const std::string& id) {
  ApiClient mine = api.clone();
  const auto answer =
      mine.post(path_of({"v1", "projects", context.project(), "jobs", id, "cancel"}), "{}");
  if (!answer.ok()) context.console().note("error: " + answer.error().message);
}

// Nobody reads any more: `duru run -- yes | head`.
int abandon(Context& context, const ApiClient& api, const JobView& job) {
  context.console().note("standard output is closed; cancelling " + job.name);
  cancel_job(context, api, job.id);
  return kExitJobFailed;
}

int tell_end(Context& context, const JobView& job) {
  const int code = job.command_exit_code();
  if (code != 0) {
    context.console().note("error: " + job.name + " " + job.ending() + "; duru describe job " +
                           job.id + " tells more");
  } else {
    context.console().progress(job.name + ": succeeded");
  }
  return code;
}

int run_run(Context& context, const RunOptions& options) {
  auto document = document_of(options);
  if (!document.ok()) return context.fail(document.error());
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const Submitted sent =
      submit(api.value(), context.console(), {context.project(), ""}, document.value());
  if (sent.error.has_value()) return fail_submit(context, sent);
  if (has_input()) {
    context.console().note(
        "a job has no standard input, what stands there is not read; --file sends files");
  }
  const auto answer = parse_answer(sent.answer);
  if (!answer.ok()) return context.fail(answer.error());
  const std::string id = text_of(answer.value(), "id");
  // A closed pipe must not end us before the job is told.
  std::signal(SIGPIPE, SIG_IGN);
  const Interrupt interrupt(
      [&] {
        context.console().note("\ncancelling " + id + "; Ctrl-C again leaves it to itself");
        cancel_job(context, api.value(), id);
      },
      [&] { context.console().note("\nleft; duru get job " + id); });
  const auto job =
      JobFollower(
          api.value(), context.console(),
          {.project = context.project(), .job = id, .headers = !context.options().no_headers})
          .run();
  if (!job.ok()) return context.fail(job.error());
  if (!context.console().all_out()) return abandon(context, api.value(), job.value());
  return tell_end(context, job.value());
}

std::vector<Argument> arguments_of(RunOptions& options) {
  return {
      naming("chips",
             option("--chip", "CHIP", &options.chip, "on this chip; duru get chips lists them")),
      option("--track", "TRACK", &options.track, "on any chip of a track", {"gpu", "npu"}),
      option("--amount", "N", &options.amount, "so many accelerators; default: 1"),
      option("--cpu", "N", &options.cpu, "processors, like 2 or 0.5; default: 1"),
      option("--memory", "BYTES", &options.memory, "like 512MiB"),
      option("--name", "NAME", &options.name, "what to call it; default: drawn"),
      option("--time-limit", "DURATION", &options.time_limit, "stop it after so long"),
      option("--env", "NAME=VALUE", &options.env, "an environment variable; may be repeated"),
      option("--file", "FILE", &options.files, "send this file along; may be repeated"),
  };
}

}  // namespace

Verb run_verb() {
  auto options = std::make_shared<RunOptions>();
  return {.name = "run",
          .summary = "Run a command as a job, show its log, exit with its code",
          .examples =
              "  duru run -- python3 -c 'print(1)'\n"
              "  duru run --chip h100 --file train.py -- python3 train.py\n"
              "  duru run --track npu --cpu 4 --memory 8GiB --time-limit 1h -- ./infer\n"
              "Exits with the command's code, 128 + signal, or 1 when the job was lost,\n"
              "cancelled or expired. Ctrl-C cancels it; a second one leaves it running.\n"
              "The command has no standard input: give it what it reads by --file.\n",
          .arguments = arguments_of(*options),
          .rest = &options->command,
          .run = [options](Context& context) { return run_run(context, *options); }};
}

}  // namespace duru::cli

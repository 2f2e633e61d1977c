#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "duru/cli/context.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/verbs.h"
#include "duru/scenario/real_run.h"
#include "duru/scenario/virtual_run.h"

// Scenario files (docs/scenarios.md): decided in virtual time, and by the wall clock too.
namespace duru::cli {
namespace {

struct ScenarioOptions {
  std::vector<std::string> files;
  bool real = false;
  std::optional<std::string> programs;
};

Result<std::string> read_text(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in.good()) return Error{ErrorCode::kNotFound, path + " cannot be read", false, false};
  return text.str();
}

std::string own_folder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

// What is wrong, one line each; nothing when all is as expected.
std::vector<std::string> run_file(const std::string& file, const ScenarioOptions& options) {
  const Result<std::string> text = read_text(file);
  if (!text.ok()) return {text.error().message};
  const Result<Scenario> scenario = read_scenario(file, text.value());
  if (!scenario.ok()) return {scenario.error().message};
  const Result<ScenarioRun> virtual_run = run_virtually(scenario.value());
  if (!virtual_run.ok()) return {"in virtual time: " + virtual_run.error().message};
  std::vector<std::string> wrong;
  const auto add = [&](const char* where, const std::vector<std::string>& lines) {
    for (const std::string& line : lines) wrong.push_back(where + line);
  };
  add("in virtual time: ", differences(scenario.value(), virtual_run.value()));
  add("in virtual time: ", check_determinism(scenario.value(), virtual_run.value()));
  if (!options.real || !scenario.value().real) return wrong;
  const Result<ScenarioRun> real_run =
      run_really(scenario.value(), options.programs.value_or(own_folder()));
  if (!real_run.ok()) return {"in real time: " + real_run.error().message};
  add("in real time: ", differences(scenario.value(), real_run.value()));
  add("the two runs disagree: ", disagreements(virtual_run.value(), real_run.value()));
  if (const Status causes = check_causes(real_run.value().commits); !causes.ok()) {
    wrong.push_back("in real time, decided once more: " + causes.error().message);
  }
  return wrong;
}

int run_files(Context& context, const ScenarioOptions& options) {
  std::size_t failed = 0;
  for (const std::string& file : options.files) {
    const std::vector<std::string> wrong = run_file(file, options);
    if (!wrong.empty()) ++failed;
    context.console().out((wrong.empty() ? "ok      " : "FAILED  ") + file + "\n");
    for (const std::string& line : wrong) context.console().out("  " + line + "\n");
  }
  context.console().out(std::to_string(options.files.size() - failed) + " passed, " +
                        std::to_string(failed) + " failed\n");
  return failed == 0 ? kExitOk : kExitJobFailed;
}

}  // namespace

Verb scenario_verb() {
  auto options = std::make_shared<ScenarioOptions>();
  Argument files = positional("FILE", &options->files, "scenario files");
  files.required = true;
  return {
      .name = "scenario",
      .summary = "Check what the scheduler does in a scenario file",
      .examples = "  duru scenario run tests/scenario/retry.yaml\n",
      .verbs = {
          {.name = "run",
           .summary = "Run scenario files in virtual time, and with --real by the wall clock too",
           .examples = "  duru scenario run tests/scenario/*.yaml\n"
                       "  duru scenario run --real tests/scenario/retry.yaml\n",
           .arguments = {files,
                         flag("--real", &options->real,
                              "also run those marked `real` with real processes; both must agree"),
                         option("--engine-dir", "DIR", &options->programs,
                                "where duru and duru-supervise are, if not beside this program")},
           .run = [options](Context& context) { return run_files(context, *options); }},
      }};
}

}  // namespace duru::cli

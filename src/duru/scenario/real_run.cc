#include "duru/scenario/real_run.h"

#include <poll.h>
#include <stdlib.h>

#include <filesystem>

#include "duru/base/clock.h"
#include "duru/scenario/installation.h"
#include "duru/scenario/script.h"

namespace duru {
namespace {

// To end what a failed run left, and to remove its folder.
constexpr Milliseconds kCleanUpMax = seconds(30);
constexpr Milliseconds kAsk{5};

class TemporaryFolder {
 public:
  static Result<std::unique_ptr<TemporaryFolder>> make() {
    std::string path = std::filesystem::temp_directory_path().string() + "/duru-scenario-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return system_error(path, errno);
    return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(std::move(path)));
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

void wait(Milliseconds span) { ::poll(nullptr, 0, static_cast<int>(span.value)); }

class RealRun {
 public:
  RealRun(const Scenario& scenario, std::string programs, Installation& here)
      : scenario_(scenario), programs_(std::move(programs)), here_(here) {}

  Result<ScenarioRun> run() {
    Result<DefineFleet> fleet = define_fleet(scenario_.fleet, here_.site());
    if (!fleet.ok()) return fleet.error();
    here_.submit(std::move(fleet.value()));
    started_at_ = here_.now();
    Status done = follow_script();
    if (done.ok()) {
      wait_until_over();
      done = report();
    }
    clean_up();
    if (!done.ok()) return done.error();
    return std::move(result_);
  }

 private:
  Status follow_script() {
    for (const ScriptItem& item : script_of(scenario_)) {
      while (here_.now() < started_at_ + item.at) {
        wait(std::min(since(started_at_ + item.at, here_.now()), seconds(1)));
      }
      if (item.reason != nullptr) {
        ask(*item.reason);
      } else {
        DURU_TRY(take(*item.input));
      }
    }
    return ok_status();
  }

  Timestamp deadline() const { return started_at_ + scenario_.within.value_or(seconds(5)); }

  // What is exact in virtual time may come a little later here.
  void ask(const ExpectedReason& expected) {
    std::string difference;
    do {
      here_.read([&](const State& state) {
        difference = reason_difference(expected, state, here_.now(), started_at_);
      });
      if (difference.empty()) return;
      wait(kAsk);
    } while (here_.now() < deadline());
    result_.wrong_answers.push_back(difference);
  }

  Status take(const ScenarioInput& input) {
    if (input.restart) return here_.restart(input.restart->from);
    if (input.join) {
      Result<DefineFleet> fleet = define_fleet(*input.join, here_.site());
      if (!fleet.ok()) return fleet.error();
      here_.submit(std::move(fleet.value()));
      return ok_status();
    }
    ScenarioInput mine = input;
    if (mine.submit) {
      for (JobSpec& spec : *mine.submit) use_our_program(spec);
    }
    Message command;
    here_.read([&](const State& state) {
      command = command_of(mine, state, [this] { return here_.draw_job_id(); });
    });
    const Reply reply = here_.submit(std::move(command));
    if (reply.kind == Reply::Kind::kRejected) {
      result_.rejections.push_back(
          {input.at, reply.rejection.type, reply.rejection.pointer, reply.rejection.detail});
    }
    return ok_status();
  }

  // `duru` need not be installed.
  void use_our_program(JobSpec& spec) const {
    const auto use = [&](std::vector<std::string>& command) {
      if (!command.empty() && command[0] == "duru") command[0] = programs_ + "/duru";
    };
    use(spec.command);
    for (Variant& variant : spec.variants) use(variant.command);
  }

  bool all_ended() const {
    bool ended = false;
    here_.read([&](const State& state) { ended = state.unfinished_by_name.empty(); });
    return ended;
  }

  void wait_until_over() {
    if (scenario_.until) {
      while (here_.now() < started_at_ + *scenario_.until) wait(kAsk);
      return;
    }
    while (!all_ended() && here_.now() < deadline()) wait(kAsk);
    if (!all_ended()) {
      result_.violations.push_back("not every job has ended within " +
                                   format_duration(*scenario_.within));
    }
  }

  Status report() {
    result_.started_at = started_at_;
    result_.steps = here_.steps();
    const std::vector<std::string> violations = here_.violations();
    result_.violations.insert(result_.violations.end(), violations.begin(), violations.end());
    result_.usage = here_.usage(started_at_);
    Result<std::vector<DurableCommit>> commits = here_.commits();
    if (!commits.ok()) return commits.error();
    result_.commits = std::move(commits.value());
    result_.chain = here_.chain();
    return ok_status();
  }

  void clean_up() {
    if (all_ended()) return;
    here_.submit(EndAllWork{"the scenario is over"});
    const Timestamp give_up_at = here_.now() + kCleanUpMax;
    while (!all_ended() && here_.now() < give_up_at) wait(kAsk);
  }

  const Scenario& scenario_;
  const std::string programs_;
  Installation& here_;
  Timestamp started_at_;
  ScenarioRun result_;
};

}  // namespace

Result<ScenarioRun> run_really(const Scenario& scenario, const std::string& programs) {
  std::error_code error;
  const std::string folder = std::filesystem::absolute(programs, error).string();
  for (const char* program : {"duru", "duru-supervise"}) {
    if (!std::filesystem::exists(folder + "/" + program, error)) {
      return Error{ErrorCode::kNotFound, "there is no " + folder + "/" + program, false, false};
    }
  }
  Result<std::unique_ptr<TemporaryFolder>> temporary = TemporaryFolder::make();
  if (!temporary.ok()) return temporary.error();
  Result<std::unique_ptr<Installation>> here =
      Installation::open({temporary.value()->path(), folder + "/duru-supervise"});
  if (!here.ok()) return here.error();
  Result<ScenarioRun> run = RealRun(scenario, folder, *here.value()).run();
  here.value().reset();
  return run;
}

}  // namespace duru

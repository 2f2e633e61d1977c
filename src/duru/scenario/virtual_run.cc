#include "duru/scenario/virtual_run.h"

#include "duru/scenario/field_run.h"
#include "duru/scenario/script.h"

namespace duru {
namespace {

// No scenario needs longer to come to its end.
constexpr Milliseconds kLongest = hours(24);

WorldOptions options_of(const Scenario& scenario) {
  WorldOptions options;
  if (scenario.field) options.field = field_times(scenario.field->times);
  const ScenarioDelays& delays = scenario.delays;
  SimulatedEngineOptions& engine = options.engine;
  engine.start_delay = delays.start.value_or(engine.start_delay);
  engine.empty_delay = delays.empty.value_or(engine.empty_delay);
  engine.store_delay = delays.store.value_or(engine.store_delay);
  return options;
}

class VirtualRun {
 public:
  explicit VirtualRun(const Scenario& scenario)
      : scenario_(scenario),
        world_(options_of(scenario)),
        started_at_(world_.now()),
        field_(world_, started_at_) {}

  Result<ScenarioRun> run() {
    if (!scenario_.fleet.empty()) DURU_TRY(join(scenario_.fleet));
    if (scenario_.field) DURU_TRY(field_.enrol(scenario_.field->agents));
    for (const ScriptItem& item : script_of(scenario_)) {
      world_.run_until(started_at_ + item.at);
      if (item.reason != nullptr) {
        ask(*item.reason);
      } else if (item.rollout != nullptr) {
        field_.compare(*item.rollout);
      } else if (item.agent != nullptr) {
        field_.compare(*item.agent);
      } else {
        DURU_TRY(take(*item.input));
      }
    }
    run_to_the_end();
    return report();
  }

 private:
  Status join(const std::map<std::string, ScenarioNode>& nodes) {
    Result<DefineFleet> fleet = define_fleet(nodes, world_.site());
    if (!fleet.ok()) return fleet.error();
    world_.submit(std::move(fleet.value()));
    return ok_status();
  }

  void ask(const ExpectedReason& reason) {
    const std::string difference =
        reason_difference(reason, world_.state(), world_.now(), started_at_);
    if (!difference.empty()) result_.wrong_answers.push_back(difference);
  }

  Status take(const ScenarioInput& input) {
    if (input.join) return join(*input.join);
    if (input.engine) return break_engine(*input.engine);
    if (FieldRun::happens_to_nodes(input)) return field_.take(input);
    if (input.restart) {
      world_.restart(
          input.restart->from == RestartFrom::kJournal ? Recovery::kReplay : Recovery::kSnapshot,
          input.restart->outage);
      return ok_status();
    }
    const Reply reply = world_.submit(
        input.apply ? apply_of(*input.apply)
                    : command_of(input, world_.state(), [this] { return world_.draw_job_id(); }));
    if (reply.kind == Reply::Kind::kRejected) {
      result_.rejections.push_back(
          {input.at, reply.rejection.type, reply.rejection.pointer, reply.rejection.detail});
    }
    return ok_status();
  }

  // The runs of a job's live attempt.
  Result<std::vector<TaskRunName>> runs_of(const std::string& name) const {
    const State& state = world_.state();
    const JobRecord* job = state.job_named(ProjectName("default"), name);
    if (job == nullptr || !state.workloads.at(workload_of(job->id)).attempt.has_value()) {
      return Error{ErrorCode::kNotFound, "no run of job " + name + " to break", false, false};
    }
    const AttemptRecord& attempt = *state.workloads.at(workload_of(job->id)).attempt;
    std::vector<TaskRunName> names;
    for (std::size_t i = 0; i < attempt.tasks.size(); ++i) {
      names.push_back(task_run_name(state.installation, workload_of(job->id), attempt.number,
                                    static_cast<std::int32_t>(i)));
    }
    return names;
  }

  Status break_engine(const ScenarioFault& fault) {
    SimulatedEngine& engine = world_.engine();
    for (const bool exit_only : {false, true}) {
      const std::string& job = exit_only ? fault.lose_exit : fault.lose;
      if (job.empty()) continue;
      const Result<std::vector<TaskRunName>> names = runs_of(job);
      if (!names.ok()) return names.error();
      for (const TaskRunName& name : names.value()) {
        if (exit_only) {
          engine.lose_exit(name);
        } else {
          engine.lose(name, fault.proof_after);
        }
      }
    }
    if (!fault.cut_off.empty()) engine.cut_off(NodeName(fault.cut_off));
    if (!fault.power_off.empty()) engine.power_off(NodeName(fault.power_off));
    if (!fault.bring_back.empty()) engine.bring_back(NodeName(fault.bring_back));
    if (fault.reports) {
      engine.set_report_faults(
          {fault.reports->doubled, fault.reports->delay, fault.reports->drop_next});
    }
    if (fault.doubled_launches) engine.set_doubled_launches(*fault.doubled_launches);
    return ok_status();
  }

  void run_to_the_end() {
    if (scenario_.until) world_.run_until(started_at_ + *scenario_.until);
    if (scenario_.field) world_.check_settled();
    if (scenario_.until) return;
    while (!world_.state().unfinished_by_name.empty() &&
           since(world_.now(), started_at_) < kLongest) {
      const auto next = world_.next_event();
      if (!next.has_value()) break;
      world_.run_until(*next);
    }
    world_.run_until(world_.now() + seconds(1));
    world_.check_settled();
  }

  ScenarioRun report() {
    field_.compare(scenario_.expect.events);
    result_.wrong_answers.insert(result_.wrong_answers.end(), field_.differences().begin(),
                                 field_.differences().end());
    result_.exact_times = true;
    result_.started_at = started_at_;
    result_.steps = world_.trace().steps();
    result_.violations = world_.violations();
    result_.usage = world_.usage(started_at_, world_.now());
    result_.chain = world_.journal().tail().chain;
    Result<std::vector<DurableCommit>> commits = read_commits(world_.journal());
    if (commits.ok()) {
      result_.commits = std::move(commits.value());
    } else {
      result_.violations.push_back(commits.error().message);
    }
    return std::move(result_);
  }

  const Scenario& scenario_;
  World world_;
  const Timestamp started_at_;
  FieldRun field_;
  ScenarioRun result_;
};

}  // namespace

Result<ScenarioRun> run_virtually(const Scenario& scenario) { return VirtualRun(scenario).run(); }

std::vector<std::string> check_determinism(const Scenario& scenario, const ScenarioRun& run) {
  std::vector<std::string> out;
  const Result<ScenarioRun> again = run_virtually(scenario);
  if (!again.ok() || again.value().chain != run.chain) {
    out.push_back("the same run once more gives another journal");
  }
  if (const Status causes = check_causes(run.commits); !causes.ok()) {
    out.push_back("causes decided once more: " + causes.error().message);
  }
  if (const Status restores = check_restores(run.commits); !restores.ok()) {
    out.push_back("causes decided from a snapshot: " + restores.error().message);
  }
  return out;
}

}  // namespace duru

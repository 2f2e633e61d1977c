#include "duru/simulation/random_world.h"

#include <algorithm>

#include "duru/core/explain/explain.h"
#include "duru/domain/commands.h"
#include "duru/simulation/dice.h"
#include "duru/simulation/random_field.h"
#include "duru/simulation/replay.h"

namespace duru {
namespace {

constexpr Milliseconds kTroubleLasts = minutes(5);
constexpr Milliseconds kPeaceLasts = hours(2);

class Drawn {
 public:
  explicit Drawn(std::uint64_t seed) : dice_(seed), world_(options()) {}

  RandomReport run() {
    define_fleet();
    if (dice_.one_in(2)) field_.emplace(world_, dice_, hits_, field_chip());
    const Timestamp peace_at = world_.now() + kTroubleLasts;
    while (world_.now() < peace_at) {
      world_.run_until(world_.now() + Milliseconds(dice_.between(0, 8000)));
      if (field_ && dice_.one_in(2)) {
        field_->act();
      } else {
        act();
      }
    }
    make_peace();
    if (field_) field_->make_peace();
    world_.run_until(world_.now() + kPeaceLasts);
    expect_everything_ended();
    if (field_) {
      for (std::string& found : field_->unsettled()) violations_.push_back(std::move(found));
    }
    world_.check_settled();
    check_account();
    return report();
  }

 private:
  WorldOptions options() {
    WorldOptions options;
    options.engine.start_delay = Milliseconds(dice_.between(0, 500));
    options.engine.empty_delay = Milliseconds(dice_.between(0, 300));
    options.engine.store_delay = Milliseconds(dice_.between(0, 300));
    options.seed = dice_.next();
    options.field.fetch = seconds(dice_.between(0, 60));
    options.field.events_kept = dice_.between(1, 200);
    return options;
  }

  Chip field_chip() const { return world_.state().chips.at(chips_.back()); }

  void define_fleet() {
    DefineFleet fleet;
    for (const char* name : {"gpu-a", "gpu-b", "npu-a"}) {
      Chip chip;
      chip.name = ChipName(name);
      chip.track = name[0] == 'g' ? Track::kGpu : Track::kNpu;
      chip.watts = Milliwatts(dice_.between(0, 700'000));
      chip.price = MicroCredits(dice_.between(0, 3'000'000));
      fleet.chips.push_back(chip);
      chips_.push_back(chip.name);
    }
    fleet.sites.push_back(world_.site());
    const std::int64_t node_count = dice_.between(1, 5);
    for (std::int64_t i = 1; i <= node_count; ++i) fleet.nodes.push_back(draw_node(i));
    give(std::move(fleet));
  }

  Node draw_node(std::int64_t number) {
    Node node;
    node.name = NodeName("n" + std::to_string(number));
    node.site = world_.site().name;
    node.cpu = MilliCpu(dice_.between(2, 16) * 1000);
    node.memory = Bytes(dice_.between(8, 64) << 30);
    std::int32_t index = 0;
    for (const ChipName& chip : chips_) {
      for (std::int64_t left = dice_.between(0, 3); left > 0; --left) {
        node.accelerators.push_back({index++, chip, true, ""});
      }
    }
    nodes_.push_back(node.name);
    return node;
  }

  void give(Message command) {
    const std::string name(command.kind().name);
    const Reply reply = world_.submit(std::move(command));
    ++hits_["command " + name];
    if (reply.kind == Reply::Kind::kRejected) ++hits_["rejection " + reply.rejection.type];
  }

  void act() {
    const std::int64_t what = dice_.between(1, 100);
    if (what == 1 && dice_.one_in(4)) return give(EndAllWork{"drawn"});
    if (what <= 45) return submit_jobs();
    if (what <= 52) return with_job([&](const JobRecord& job) { give(CancelJob{job.id}); });
    if (what <= 57) {
      return with_job([&](const JobRecord& job) {
        give(ExtendLease{job.id, seconds(dice_.between(1, 60))});
      });
    }
    if (what <= 78) return act_on_fleet(what);
    break_something();
  }

  void act_on_fleet(std::int64_t what) {
    const NodeName node = dice_.pick(nodes_);
    if (what <= 62) return give(CordonNode{node, "drawn"});
    if (what <= 68) return give(UncordonNode{node});
    if (what <= 71) return give(DrainNode{node, seconds(dice_.between(0, 20)), "drawn"});
    if (what == 72 && nodes_.size() > 1) return give(RemoveNode{node});
    const bool healthy = dice_.one_in(2);
    give(MarkAccelerator{{node, static_cast<std::int32_t>(dice_.between(0, 5))}, healthy, "drawn"});
  }

  std::vector<std::string> draw_command(JobSpec& spec) {
    if (dice_.one_in(25)) return {"no-such-program"};
    if (dice_.one_in(30)) return {"false"};
    std::vector<std::string> argv = {"duru", "task", "--for",
                                     std::to_string(dice_.between(0, 60'000)) + "ms"};
    if (dice_.one_in(6)) {
      argv.insert(argv.end(), {"--exit", std::to_string(dice_.between(1, 3))});
      spec.retries.limit = static_cast<std::int32_t>(dice_.between(0, 3));
      if (spec.retries.limit > 0 && dice_.one_in(2)) spec.retries.exit_codes = {1, 2};
    }
    if (dice_.one_in(6)) argv.push_back("--ignore-term");
    if (dice_.one_in(4)) {
      spec.outputs = {"out"};
      if (!dice_.one_in(5)) argv.insert(argv.end(), {"--output", "out"});
    }
    return argv;
  }

  JobSpec draw_spec(const std::vector<JobSubmission>& before) {
    JobSpec spec;
    spec.name = "job-" + std::to_string(++jobs_);
    spec.kind = dice_.one_in(8) ? JobKind::kSession : JobKind::kBatch;
    spec.cpu = MilliCpu(dice_.between(0, 4) * 500);
    spec.memory = Bytes(dice_.between(0, 4) << 30);
    spec.priority = static_cast<std::int32_t>(dice_.between(-1, 1));
    spec.grace = Milliseconds(dice_.between(0, 5000));
    if (dice_.one_in(3)) spec.tasks = static_cast<std::int32_t>(dice_.between(1, 4));
    spec.command = draw_command(spec);
    const std::int64_t way = dice_.between(1, 4);
    if (way == 1) spec.track = dice_.one_in(2) ? Track::kGpu : Track::kNpu;
    if (way == 2 || way == 3) {
      for (std::int64_t n = dice_.between(1, 2); n > 0; --n) {
        spec.variants.push_back(
            {dice_.pick(chips_), MilliDevices(dice_.between(1, 3) * 1000), {}, "", {}});
      }
    }
    if (spec.kind == JobKind::kSession) {
      spec.time_limit = seconds(dice_.between(1, 90));
      spec.command = {"sleep", "infinity"};
      spec.outputs.clear();
    } else if (dice_.one_in(4)) {
      spec.time_limit = seconds(dice_.between(1, 60));
    }
    if (!before.empty() && dice_.one_in(2)) follow(spec, before.back().spec);
    return spec;
  }

  static void follow(JobSpec& spec, const JobSpec& producer) {
    if (producer.outputs.empty()) {
      spec.after = {producer.name};
    } else {
      spec.inputs["in"] = producer.name + "/" + producer.outputs[0];
    }
  }

  void submit_jobs() {
    SubmitJobs command;
    command.project = ProjectName("default");
    for (std::int64_t n = dice_.between(1, 3); n > 0; --n) {
      command.jobs.push_back({world_.draw_job_id(), draw_spec(command.jobs)});
    }
    give(std::move(command));
  }

  template <class Use>
  void with_job(Use use) {
    const auto& jobs = world_.state().jobs;
    if (jobs.empty()) return;
    auto it = jobs.begin();
    std::advance(it, dice_.between(0, static_cast<std::int64_t>(jobs.size()) - 1));
    use(it->second);
  }

  void break_something() {
    const NodeName node = dice_.pick(nodes_);
    const std::vector<TaskRunName> runs = world_.engine().runs();
    switch (dice_.between(1, 9)) {
      case 1:
        ++hits_["fault restart"];
        return world_.restart(dice_.one_in(2) ? Recovery::kReplay : Recovery::kSnapshot,
                              Milliseconds(dice_.between(0, 30'000)));
      case 2:
        if (runs.empty()) return;
        ++hits_["fault lose"];
        world_.engine().lose(dice_.pick(runs), Milliseconds(dice_.between(0, 5000)));
        return;
      case 3:
        if (runs.empty()) return;
        ++hits_["fault lose_exit"];
        world_.engine().lose_exit(dice_.pick(runs));
        return;
      case 4:
        ++hits_["fault cut_off"];
        return world_.engine().cut_off(node);
      case 5:
        ++hits_["fault power_off"];
        return world_.engine().power_off(node);
      case 6:
      case 7:
        ++hits_["fault bring_back"];
        return world_.engine().bring_back(node);
      case 8:
        ++hits_["fault reports"];
        return world_.engine().set_report_faults(
            {dice_.one_in(2), Milliseconds(dice_.one_in(2) ? 0 : dice_.between(1, 3000)),
             dice_.one_in(3) ? static_cast<std::int32_t>(dice_.between(1, 5)) : 0});
      default:
        ++hits_["fault doubled_launches"];
        return world_.engine().set_doubled_launches(dice_.one_in(2));
    }
  }

  void make_peace() {
    world_.engine().set_report_faults({});
    world_.engine().set_doubled_launches(false);
    for (const NodeName& node : nodes_) {
      world_.engine().bring_back(node);
      if (world_.state().nodes.count(node) == 0) continue;
      give(UncordonNode{node});
      for (const Accelerator& a : world_.state().nodes.at(node).node.accelerators) {
        give(MarkAccelerator{{node, a.index}, true, ""});
      }
    }
  }

  // What the fleet can no longer run at all, because nodes were removed, waits for a person.
  void expect_everything_ended() {
    std::vector<JobId> left;
    for (const auto& [id, job] : world_.state().jobs) {
      if (!is_final(job.state)) left.push_back(id);
    }
    for (const JobId& id : left) {
      const JobRecord* job = world_.state().job(id);
      if (job == nullptr || is_final(job->state)) continue;  // went with the one it waited for
      if (job->state == JobState::kQueued && can_never_run(*job)) {
        give(CancelJob{id});
      } else if (job->state != JobState::kQueued || world_.state().dependencies_fulfilled(*job)) {
        violations_.push_back("liveness: " + job->spec.name + " did not come to its end: " +
                              explain(world_.state(), *job, world_.now()).detail);
      }
    }
  }

  bool can_never_run(const JobRecord& job) const {
    return explain(world_.state(), job, world_.now()).code == ReasonCode::kInfeasible;
  }

  void check_account() {
    const Usage usage = world_.usage(Timestamp(0), world_.now());
    std::int64_t sum = 0;
    std::int64_t capacity = 0;
    std::int64_t part = 0;
    for (const std::string* text :
         {&usage.used_accelerator_seconds, &usage.idle_accelerator_seconds,
          &usage.maintenance_accelerator_seconds, &usage.failed_accelerator_seconds,
          &usage.foreign_accelerator_seconds}) {
      parse_decimal(*text, 3, part);
      sum += part;
    }
    parse_decimal(usage.capacity_accelerator_seconds, 3, capacity);
    if (sum != capacity) violations_.push_back("account: the classes do not sum to the capacity");
  }

  RandomReport report() {
    RandomReport report;
    report.violations = world_.violations();
    report.violations.insert(report.violations.end(), violations_.begin(), violations_.end());
    report.chain = world_.journal().tail().chain;
    report.fact_count = world_.journal().tail().last_seq;
    const auto commits = read_commits(world_.journal());
    if (const Status repeated = check_causes(commits.value()); !repeated.ok()) {
      report.violations.push_back("replay: " + repeated.error().message);
    }
    for (const DurableCommit& commit : commits.value()) {
      for (const Message& fact : commit.facts) ++hits_["fact " + std::string(fact.kind().name)];
    }
    report.hits = std::move(hits_);
    return report;
  }

  Dice dice_;
  World world_;
  std::vector<ChipName> chips_;
  std::vector<NodeName> nodes_;
  std::int64_t jobs_ = 0;
  std::optional<RandomField> field_;
  std::map<std::string, std::int64_t> hits_;
  std::vector<std::string> violations_;
};

}  // namespace

RandomReport run_random_world(std::uint64_t seed) { return Drawn(seed).run(); }

}  // namespace duru

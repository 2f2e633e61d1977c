#include <algorithm>

#include "duru/core/core.h"
#include "duru/core/placement/placement.h"
#include "duru/core/queue/queue.h"
#include "duru/simulation/checker.h"

namespace duru {
namespace {

// Takes the facts of a second scheduling pass over a copy of the state.
class SecondPass : public FactSink {
 public:
  SecondPass(State& state, const FactContext& context) : state_(state), context_(context) {}
  void emit(Message fact) override {
    ++context_.seq;
    ++count_;
    evolve(state_, fact, context_);
  }
  Timestamp now() const override { return context_.now; }
  std::size_t fact_count() const override { return count_; }

 private:
  State& state_;
  FactContext context_;
  std::size_t count_ = 0;
};

// Nothing is lost or doubled: who may start stands in exactly one line, nobody else does. Nobody
// overtakes in the same line. After a commit, a second scheduling pass finds nothing to start.
class QueueChecker : public Checker {
 public:
  std::string_view name() const override { return "queue"; }

  void on_fact(const State& after, const Message& fact, const FactContext& context) override {
    std::size_t in_line = 0;
    for (const auto& [key, line] : after.waiting) in_line += line.size();
    std::size_t may_start = 0;
    for (const auto& [id, job] : after.jobs) {
      if (job.state != JobState::kQueued || job.cancel_requested) continue;
      if (!after.dependencies_fulfilled(job)) continue;
      ++may_start;
      const auto line = after.waiting.find(shape_of(job.spec));
      const bool stands =
          line != after.waiting.end() && line->second.count(position(after, job)) > 0;
      expect(stands, context, job.spec.name + " may start and is in no line");
    }
    expect(in_line == may_start, context, "somebody is in a line who may not start");
    if (const auto* started = fact.as<AttemptStarted>()) check_order(after, *started, context);
  }

  void on_commit(const State& after, const DurableCommit& commit) override {
    // A start hands nothing out; what it finds of the fleet comes next.
    const bool is_start = !commit.facts.empty() && commit.facts.front().kind().module == "system";
    // A pass that was long enough goes on a millisecond later.
    const bool goes_on = after.pass_ended_at.value != 0 && after.pass_ended_at == commit.record.now;
    // The core decided nothing in a commit of another module: what came due then starts next.
    const bool is_of_another =
        !commit.facts.empty() &&
        std::none_of(commit.facts.begin(), commit.facts.end(),
                     [](const Message& fact) { return fact.kind().module == "core"; });
    if (after.waiting.empty() || is_start || goes_on || is_of_another) return;
    State copy = after;
    SecondPass sink(copy, context_of(commit));
    Tx tx(copy, sink, "");
    schedule(tx);
    expect(sink.fact_count() == 0, context_of(commit), "a second pass would have started more");
  }

 private:
  static QueuePosition position(const State& state, const JobRecord& job) {
    const WorkloadRecord& workload = state.workloads.at(workload_of(job.id));
    return {-job.spec.priority, workload.queued_seq, workload.id};
  }

  void check_order(const State& after, const AttemptStarted& fact, const FactContext& context) {
    const WorkloadRecord& workload = after.workloads.at(fact.workload);
    if (workload.service.has_value()) return;
    const JobRecord& job = after.jobs.at(workload.job);
    const Shape shape = shape_of(job.spec);
    const auto line = after.waiting.find(shape);
    if (line == after.waiting.end()) return;
    for (const QueuePosition& ahead : line->second) {
      if (!(ahead < position(after, job))) break;
      const JobRecord& other = after.jobs.at(after.workloads.at(ahead.workload).job);
      if (other.not_before > context.now || !possible(after, other, shape.requests)) continue;
      expect(false, context, job.spec.name + " overtook " + other.spec.name);
    }
  }

  static bool possible(const State& state, const JobRecord& job, const RequestKey& key) {
    for (const Request& request : key) {
      const auto chips = state.chips_of(request);
      if (!first_fit(state, job.spec, request, chips, CapacityView::kSchedulable).empty()) {
        return true;
      }
    }
    return false;
  }
};

}  // namespace

std::unique_ptr<Checker> make_queue_checker() { return std::make_unique<QueueChecker>(); }

}  // namespace duru

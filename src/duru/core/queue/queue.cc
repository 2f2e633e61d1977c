#include "duru/core/queue/queue.h"

#include <algorithm>

#include "duru/base/wire.h"
#include "duru/core/placement/placement.h"

namespace duru {
namespace {

// One pass. What somebody ahead waits for is kept: chips, and the cpu and memory of hosts.
class Pass {
 public:
  explicit Pass(Tx& tx) : tx_(tx) {
    for (const auto& [shape, line] : tx.state().waiting) open_.emplace(*line.begin(), shape);
  }

  void run() {
    while (!open_.empty() && bytes_ < kPassBytesMax) {
      const auto node = open_.extract(open_.begin());
      const QueuePosition& position = node.key();
      const Shape& shape = node.mapped();
      const Turn turn = take_turn(position, shape);
      if (turn == Turn::kStarted || turn == Turn::kInBackoff) open_next(position, shape);
    }
  }

 private:
  enum class Turn {
    kStarted,
    kInBackoff,   // keeps nothing from others; the next in line may go
    kBlocked,     // what it wants is kept for it; who is behind it in line cannot go either
    kImpossible,  // on the fleet as it is: keeps nothing from others, and its line is done
  };

  // One that started has left its line already.
  void open_next(const QueuePosition& position, const Shape& shape) {
    const auto line = tx_.state().waiting.find(shape);
    if (line == tx_.state().waiting.end()) return;
    const auto next = line->second.upper_bound(position);
    if (next != line->second.end()) open_.emplace(*next, shape);
  }

  Turn take_turn(const QueuePosition& position, const Shape& shape) {
    const State& state = tx_.state();
    const WorkloadRecord& workload = state.workloads.at(position.workload);
    const JobRecord& job = state.jobs.at(workload.job);
    if (job.not_before > tx_.now()) return Turn::kInBackoff;
    bool open_way = false;
    for (const Request& request : shape.requests) {
      const std::vector<const Chip*> chips = unblocked(request);
      if (request.needs_accelerator() && chips.empty()) continue;
      open_way = true;
      const std::vector<Allocation> allocations =
          first_fit_beside(state, job.spec, request, chips, kept_hosts_);
      if (allocations.empty()) continue;
      start(workload, job, request, allocations);
      return Turn::kStarted;
    }
    // Where the chips of every way are kept for somebody ahead, there is nothing more to keep.
    if (!open_way) return Turn::kBlocked;
    return block(job, shape.requests) ? Turn::kBlocked : Turn::kImpossible;
  }

  std::vector<const Chip*> unblocked(const Request& request) const {
    std::vector<const Chip*> chips = tx_.state().chips_of(request);
    std::erase_if(chips, [&](const Chip* chip) { return kept_chips_.count(chip->name) > 0; });
    return chips;
  }

  // Keeps what the job waits for; false when it cannot run on the fleet as it is.
  bool block(const JobRecord& job, const RequestKey& key) {
    const State& state = tx_.state();
    bool possible = false;
    for (const Request& request : key) {
      const auto chips = state.chips_of(request);
      if (first_fit(state, job.spec, request, chips, CapacityView::kSchedulable).empty()) continue;
      possible = true;
      if (lacks_host(state, job.spec, request, unblocked(request))) {
        kept_hosts_.merge(hosts_wanted(state, job.spec, request, chips));
      }
      for (const Chip* chip : chips) kept_chips_.insert(chip->name);
    }
    return possible;
  }

  void start(const WorkloadRecord& workload, const JobRecord& job, const Request& request,
             const std::vector<Allocation>& allocations) {
    AttemptStarted fact{workload.id, workload.attempt_count + 1, request.variant, allocations, {},
                        false};
    for (const JobInput& input : job.inputs) {
      Digest digest = input.digest;
      if (!input.producer.empty()) {
        digest = tx_.state().jobs.at(input.producer).outputs.at(input.output).digest;
      }
      fact.inputs.emplace(input.name, digest);
    }
    bytes_ += Bytes(static_cast<std::int64_t>(encode(fact).size()));
    fact.ends_pass = bytes_ >= kPassBytesMax;
    tx_.emit(std::move(fact));
  }

  Tx& tx_;
  std::map<QueuePosition, Shape> open_;  // the front of each line that may still go
  std::set<ChipName> kept_chips_;
  std::set<NodeName> kept_hosts_;
  Bytes bytes_;  // of the facts of this pass
};

}  // namespace

void schedule(Tx& tx) { Pass(tx).run(); }

}  // namespace duru

#include "duru/core/queue/queue.h"

#include <algorithm>

#include "duru/core/placement/placement.h"

namespace duru {
namespace {

// One pass. `blocked` holds the chips that somebody ahead waits for; the empty name is cpu and
// memory alone.
class Pass {
 public:
  explicit Pass(Tx& tx) : tx_(tx) {
    for (const auto& [key, line] : tx.state().waiting) open_.insert({*line.begin(), key});
  }

  void run() {
    while (!open_.empty()) {
      const Front front = *open_.begin();
      open_.erase(open_.begin());
      if (try_start(front)) {
        advance(front, tx_.state().waiting, true);
      } else if (skip_) {
        advance(front, tx_.state().waiting, false);
      }
    }
  }

 private:
  struct Front {
    QueuePosition position;
    RequestKey key;
    auto operator<=>(const Front&) const = default;
  };

  // The next in the same line; one that started has left it already.
  void advance(const Front& front, const std::map<RequestKey, std::set<QueuePosition>>& waiting,
               bool started) {
    const auto line = waiting.find(front.key);
    if (line == waiting.end()) return;
    const auto next = started ? line->second.lower_bound(front.position)
                              : line->second.upper_bound(front.position);
    if (next != line->second.end()) open_.insert({*next, front.key});
  }

  // False with skip_: it keeps nothing from others. False without: its chips are blocked now and
  // its line is done.
  bool try_start(const Front& front) {
    skip_ = false;
    const State& state = tx_.state();
    const WorkloadRecord& workload = state.workloads.at(front.position.workload);
    const JobRecord& job = state.jobs.at(workload.job);
    if (job.not_before > tx_.now()) {
      skip_ = true;
      return false;
    }
    for (const Request& request : front.key) {
      const std::vector<Allocation> allocations =
          first_fit(state, job.spec, request, unblocked(request), CapacityView::kFree);
      if (allocations.empty() || (!request.needs_accelerator() && blocked_.count(ChipName()) > 0)) {
        continue;
      }
      start(workload, job, request, allocations);
      return true;
    }
    block(job, front.key);
    return false;
  }

  std::vector<const Chip*> unblocked(const Request& request) const {
    std::vector<const Chip*> chips = tx_.state().chips_of(request);
    std::erase_if(chips, [&](const Chip* chip) { return blocked_.count(chip->name) > 0; });
    return chips;
  }

  void block(const JobRecord& job, const RequestKey& key) {
    const State& state = tx_.state();
    bool possible = false;
    for (const Request& request : key) {
      const auto chips = state.chips_of(request);
      if (first_fit(state, job.spec, request, chips, CapacityView::kSchedulable).empty()) continue;
      possible = true;
      // Free accelerators but no cpu or memory: those who take cpu alone wait behind it too.
      const bool host_is_short =
          !request.needs_accelerator() ||
          !first_fit(state, job.spec, request, unblocked(request), CapacityView::kFree, true)
               .empty();
      if (host_is_short) blocked_.insert(ChipName());
      for (const Chip* chip : chips) blocked_.insert(chip->name);
    }
    skip_ = !possible;
  }

  void start(const WorkloadRecord& workload, const JobRecord& job, const Request& request,
             const std::vector<Allocation>& allocations) {
    AttemptStarted fact{workload.id, workload.attempt_count + 1, request.variant, allocations, {}};
    for (const JobInput& input : job.inputs) {
      Digest digest = input.digest;
      if (!input.producer.empty()) {
        digest = tx_.state().jobs.at(input.producer).outputs.at(input.output).digest;
      }
      fact.inputs.emplace(input.name, digest);
    }
    tx_.emit(std::move(fact));
  }

  Tx& tx_;
  std::set<Front> open_;
  std::set<ChipName> blocked_;
  bool skip_ = false;
};

}  // namespace

void schedule(Tx& tx) { Pass(tx).run(); }

}  // namespace duru

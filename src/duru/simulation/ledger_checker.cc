#include "duru/core/ledger/ledger.h"
#include "duru/simulation/checker.h"

namespace duru {
namespace {

// The five classes of the fleet's time sum to its capacity, counted apart from them: each
// accelerator from its node's joining to its leaving. The time used is the time charged.
class LedgerChecker : public Checker, private LedgerSink {
 public:
  std::string_view name() const override { return "ledger"; }

  void on_fact(const State& after, const Message& fact, const FactContext& context) override {
    ledger_.apply(after, fact, context, *this);
    count_fleet(after, context.now);
    Wide classes = closed_ms_;
    Wide used = closed_used_ms_;
    for (const Interval& open : ledger_.open_intervals(context.now)) {
      classes += since(open.to, open.from).value;
      if (open.time_class == TimeClass::kUsed) used += since(open.to, open.from).value;
    }
    Wide charged = charged_ms_;
    for (const Charge& open : ledger_.open_charges(context.now)) {
      charged += accelerator_milliseconds(open);
    }
    Wide capacity = left_ms_;
    for (const auto& [id, joined_at] : present_) capacity += since(context.now, joined_at).value;
    expect(classes == capacity, context,
           "the five classes sum to " + text(classes) + " ms, the fleet had " + text(capacity));
    expect(used == charged, context,
           text(used) + " ms were used, " + text(charged) + " ms are charged");
  }

 private:
  static std::string text(Wide value) { return format_decimal(value, 0); }

  void add(const Interval& closed) override {
    expect(closed.to >= closed.from, {}, "an interval ends before it begins");
    closed_ms_ += since(closed.to, closed.from).value;
    if (closed.time_class == TimeClass::kUsed) {
      closed_used_ms_ += since(closed.to, closed.from).value;
    }
  }
  void add(const Charge& closed) override { charged_ms_ += accelerator_milliseconds(closed); }

  void count_fleet(const State& after, Timestamp now) {
    for (auto it = present_.begin(); it != present_.end();) {
      if (after.accelerator(it->first) != nullptr) {
        ++it;
        continue;
      }
      left_ms_ += since(now, it->second).value;
      it = present_.erase(it);
    }
    for (const auto& [name, record] : after.nodes) {
      for (const Accelerator& accelerator : record.node.accelerators) {
        present_.emplace(AcceleratorId{name, accelerator.index}, now);
      }
    }
  }

  Ledger ledger_;
  Wide closed_ms_ = 0;
  Wide closed_used_ms_ = 0;
  Wide charged_ms_ = 0;
  Wide left_ms_ = 0;
  std::map<AcceleratorId, Timestamp> present_;
};

}  // namespace

std::unique_ptr<Checker> make_ledger_checker() { return std::make_unique<LedgerChecker>(); }

}  // namespace duru

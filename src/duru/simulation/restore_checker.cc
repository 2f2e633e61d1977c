#include "duru/simulation/checker.h"

namespace duru {
namespace {

// A state that is written out and read back is the same, its indexes included where they can be
// seen.
class RestoreChecker : public Checker {
 public:
  std::string_view name() const override { return "restore"; }

  void on_fact(const State&, const Message&, const FactContext&) override {}

  void on_commit(const State& after, const DurableCommit& commit) override {
    const State copy = State::from_record(after.record());
    const FactContext context = context_of(commit);
    expect(copy.digest() == after.digest(), context, "a restored state has another digest");
    expect(copy.waiting == after.waiting, context, "a restored state has other lines");
    expect(copy.unfinished_by_name == after.unfinished_by_name, context,
           "a restored state has other names");
    expect(copy.dependents == after.dependents, context, "a restored state has other dependents");
    expect(copy.leases == after.leases && copy.backoffs == after.backoffs &&
               copy.retirements == after.retirements,
           context, "a restored state has other timers");
  }
};

}  // namespace

std::unique_ptr<Checker> make_restore_checker() { return std::make_unique<RestoreChecker>(); }

}  // namespace duru

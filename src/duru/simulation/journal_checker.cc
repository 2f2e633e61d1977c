#include "duru/loop/durable_commit.h"
#include "duru/simulation/checker.h"

namespace duru {
namespace {

// Facts are numbered densely, terms and times never fall, and a commit reads back as what it was.
class JournalChecker : public Checker {
 public:
  std::string_view name() const override { return "journal"; }

  void on_fact(const State& after, const Message& fact, const FactContext& context) override {
    expect(context.seq == last_.seq + 1, context, "the numbers are not dense");
    expect(context.term >= last_.term, context, "the term fell");
    expect(context.now >= last_.now, context, "the time fell");
    const std::string_view module = fact.kind().module;
    const bool is_of_core = module == "core" || module == "system";
    expect(!is_of_core || (after.last_seq == context.seq && after.now == context.now), context,
           "the state is not of this fact");
    last_ = context;
  }

  void on_commit(const State&, const DurableCommit& commit) override {
    const Entry entry = to_entry(commit.record);
    const Result<DurableCommit> back = from_entry(entry);
    expect(back.ok() && to_entry(back.value().record) == entry, context_of(commit),
           "the commit does not read back as it was");
  }

 private:
  FactContext last_;
};

}  // namespace

std::unique_ptr<Checker> make_journal_checker() { return std::make_unique<JournalChecker>(); }

}  // namespace duru

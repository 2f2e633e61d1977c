// LedgerBook: the ledger with all that it closed kept in memory, for accounts of small worlds. A
// server keeps closed intervals and charges in its history instead.
//
//   LedgerBook book;                         // a projection of the view
//   Usage usage = book.usage(from, to);
#pragma once

#include "duru/core/ledger/usage.h"
#include "duru/loop/view.h"

namespace duru {

class LedgerBook : public Projection, private LedgerSink {
 public:
  void on_fact(const State& after, const Message& fact, const FactContext& context) override {
    ledger_.apply(after, fact, context, *this);
  }
  // Goes on from a snapshot's ledger; what was closed before stays.
  void resume(const LedgerRecord& record) { ledger_ = Ledger::from_record(record); }
  Usage usage(Timestamp from, Timestamp to) const;

 private:
  void add(const Interval& closed) override { intervals_.push_back(closed); }
  void add(const Charge& closed) override { charges_.push_back(closed); }

  Ledger ledger_;
  std::vector<Interval> intervals_;
  std::vector<Charge> charges_;
};

}  // namespace duru

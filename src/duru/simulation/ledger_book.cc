#include "duru/simulation/ledger_book.h"

namespace duru {

Usage LedgerBook::usage(Timestamp from, Timestamp to) const {
  UsageAccount account(from, to);
  for (const Interval& interval : intervals_) account.add(interval);
  for (const Interval& interval : ledger_.open_intervals(to)) account.add(interval);
  for (const Charge& charge : charges_) account.add(charge);
  for (const Charge& charge : ledger_.open_charges(to)) account.add(charge);
  return account.take();
}

}  // namespace duru

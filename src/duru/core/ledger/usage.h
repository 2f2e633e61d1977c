// Usage: the account of a span of time, from closed and open intervals and charges.
//
//   UsageAccount account(from, to);
//   for (…) account.add(interval); for (…) account.add(charge);
//   Usage usage = account.take();
#pragma once

#include "duru/core/ledger/ledger.h"

namespace duru {

struct UsageItem {
  std::string project;
  std::string job;     // its name, or of a service the fleet's
  std::string job_id;  // "" for services: those of one fleet are one line
  std::string chip;    // "" for work that held no accelerator
  Track track{};
  bool emulated = false;
  std::string accelerator_seconds;
  std::string cpu_seconds;                   // held, beside the accelerators
  std::optional<std::string> energy_joules;  // null: no figure, which is not zero
  std::string energy_method;                 // counter | sampled | modelled | none
  std::string energy_source;                 // "published watts × held time"
  std::string cost_credits;
  FigureKind price_kind{};
  bool service = false;
};
DURU_DECLARE_RECORD(UsageItem)

struct Usage {
  Timestamp from;
  Timestamp to;
  std::string capacity_accelerator_seconds;
  std::string used_accelerator_seconds;
  std::string idle_accelerator_seconds;
  std::string maintenance_accelerator_seconds;
  std::string failed_accelerator_seconds;
  std::string foreign_accelerator_seconds;
  std::vector<UsageItem> items;  // by project, job id, chip
};
DURU_DECLARE_RECORD(Usage)

class UsageAccount {
 public:
  UsageAccount(Timestamp from, Timestamp to) : from_(from), to_(to) {}
  void add(const Interval& interval);
  void add(const Charge& charge);
  Usage take() const;

 private:
  struct Key {
    std::string project;
    std::string job_id;
    std::string service;  // its name; "" for a job
    ChipName chip;
    bool emulated = false;
    std::int64_t price = 0;
    std::int64_t watts = 0;
    // One line says one kind: what was measured is never told together with what was assumed.
    FigureKind price_kind{};
    FigureKind watts_kind{};
    auto operator<=>(const Key&) const = default;
  };
  struct Line {
    Charge sample;
    Wide accelerator_ms = 0;
    Wide cpu_ms = 0;  // thousandths of a core × ms
    Wide microjoules = 0;
  };

  Milliseconds inside(Timestamp from, Timestamp to) const;

  Timestamp from_, to_;
  std::map<TimeClass, Wide> class_ms_;
  std::map<Key, Line> lines_;
};

}  // namespace duru

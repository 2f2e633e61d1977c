#include "duru/core/ledger/usage.h"

#include <algorithm>

#include "duru/base/record_macros.h"

namespace duru {

DURU_RECORD(UsageItem, (1, project), (2, job), (3, job_id), (4, chip), (5, track), (6, emulated),
            (7, accelerator_seconds), (8, cpu_seconds), (9, energy_joules), (10, energy_method),
            (11, energy_source), (12, cost_credits), (13, price_kind), (14, service))
DURU_RECORD(Usage, (1, from), (2, to), (3, capacity_accelerator_seconds),
            (4, used_accelerator_seconds), (5, idle_accelerator_seconds),
            (6, maintenance_accelerator_seconds), (7, failed_accelerator_seconds),
            (8, foreign_accelerator_seconds), (9, items))

namespace {

constexpr Wide kMsPerHour = 3'600'000;

std::string kind_text(FigureKind kind) {
  for (const EnumName& entry : type_of<FigureKind>().enum_names) {
    if (entry.value == static_cast<std::int64_t>(kind)) return std::string(entry.name);
  }
  return "";
}

}  // namespace

Milliseconds UsageAccount::inside(Timestamp from, Timestamp to) const {
  const Timestamp begin = std::max(from, from_);
  const Timestamp end = std::min(to, to_);
  return end > begin ? since(end, begin) : Milliseconds();
}

void UsageAccount::add(const Interval& interval) {
  class_ms_[interval.time_class] += inside(interval.from, interval.to).value;
}

void UsageAccount::add(const Charge& charge) {
  const Wide held_ms = inside(charge.from, charge.to).value;
  if (held_ms == 0 && !(charge.from >= from_ && charge.from < to_)) return;
  Line& line =
      lines_[{charge.project.str(), charge.job.str(), charge.job.empty() ? charge.job_name : "",
              charge.chip, charge.emulated, charge.price.value, charge.watts.value,
              charge.price_kind, charge.watts_kind}];
  line.sample = charge;
  line.accelerator_ms += held_ms * charge.accelerators;
  line.cpu_ms += held_ms * charge.cpu.value;
  line.microjoules += held_ms * charge.accelerators * charge.watts.value;
}

Usage UsageAccount::take() const {
  const auto of_class = [&](TimeClass c) {
    const auto it = class_ms_.find(c);
    return it == class_ms_.end() ? Wide{0} : it->second;
  };
  Wide capacity = 0;
  for (const auto& [time_class, ms] : class_ms_) capacity += ms;
  Usage usage;
  usage.from = from_;
  usage.to = to_;
  usage.capacity_accelerator_seconds = format_decimal(capacity, 3);
  usage.used_accelerator_seconds = format_decimal(of_class(TimeClass::kUsed), 3);
  usage.idle_accelerator_seconds = format_decimal(of_class(TimeClass::kIdle), 3);
  usage.maintenance_accelerator_seconds = format_decimal(of_class(TimeClass::kMaintenance), 3);
  usage.failed_accelerator_seconds = format_decimal(of_class(TimeClass::kFailed), 3);
  usage.foreign_accelerator_seconds = format_decimal(of_class(TimeClass::kForeign), 3);
  for (const auto& [key, line] : lines_) {
    UsageItem item;
    item.project = key.project;
    item.job = line.sample.job_name;
    item.job_id = key.job_id;
    item.chip = key.chip.str();
    item.track = line.sample.track;
    item.emulated = key.emulated;
    item.accelerator_seconds = format_decimal(line.accelerator_ms, 3);
    item.cpu_seconds = format_decimal(line.cpu_ms, 6);
    item.energy_method = "none";
    if (line.sample.watts_kind != FigureKind::kUnknown) {
      item.energy_joules = format_decimal(line.microjoules, 6);
      item.energy_method = "modelled";
      item.energy_source = kind_text(line.sample.watts_kind) + " watts × held time";
    }
    item.cost_credits = format_decimal(
        (line.accelerator_ms * line.sample.price.value + kMsPerHour / 2) / kMsPerHour, 6);
    item.price_kind = line.sample.price_kind;
    item.service = key.job_id.empty();
    usage.items.push_back(std::move(item));
  }
  return usage;
}

}  // namespace duru

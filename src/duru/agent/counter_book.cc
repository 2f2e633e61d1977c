#include "duru/agent/counter_book.h"

#include <algorithm>

#include "duru/base/clock.h"

namespace duru::agent {
namespace {

constexpr char kName[] = "counters";
constexpr Milliseconds kSaveEvery = seconds(10);

}  // namespace

CounterBook::CounterBook(const Folder& data, Log& log) : data_(data), log_(log) {
  auto record = load<CounterRecord>(data, kName);
  if (record.ok()) {
    record_ = record.value();
  } else if (record.error().code != ErrorCode::kNotFound) {
    log_.say("damage: " + record.error().message + "; counting begins at 0 again");
  }
  saved_at_ms_ = boottime_ms();
}

void CounterBook::tick(const Observation& seen) {
  const std::string boot = boot_id();
  const Milliseconds now(boottime_ms());
  const bool same_run = record_.run == seen.run && record_.boot_id == boot;
  if (same_run && record_.serving && seen.serving && now > record_.at)
    record_.up += now - record_.at;
  if (seen.run_inferences && seen.run == record_.run) {
    record_.run_inferences = std::max(record_.run_inferences, *seen.run_inferences);
  }
  const bool turned = record_.serving != seen.serving;
  record_.boot_id = boot;
  record_.at = now;
  record_.serving = seen.serving;
  if (turned || now.value - saved_at_ms_ >= kSaveEvery.value) save_now();
}

void CounterBook::begin_run(std::int64_t run) {
  if (run == record_.run) return;
  record_.inferences_before += record_.run_inferences;
  record_.run_inferences = 0;
  record_.run = run;
  record_.serving = false;
  save_now();
}

void CounterBook::count_restart() {
  ++record_.restarts;
  save_now();
}

void CounterBook::save_now() {
  saved_at_ms_ = boottime_ms();
  Status saved = save(data_, kName, record_);
  if (saved.ok()) return log_.solved("counters", "counters are kept again");
  log_.problem("counters", "counters: " + saved.error().message);
}

FieldCounters CounterBook::counters() const {
  FieldCounters counters;
  counters.up = record_.up;
  counters.inferences = record_.inferences_before + record_.run_inferences;
  counters.restarts = record_.restarts;
  return counters;
}

}  // namespace duru::agent

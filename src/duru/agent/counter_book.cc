#include "duru/agent/counter_book.h"

#include <algorithm>
#include <limits>

#include "duru/base/clock.h"

namespace duru::agent {
namespace {

constexpr char kName[] = "counters";
constexpr Milliseconds kSaveEvery = seconds(10);
// A workload may write any number into its status file.
constexpr std::int64_t kRunInferencesMax = 1'000'000'000'000'000;

// `b` is not negative; stays at the largest number there is.
std::int64_t saturating_sum(std::int64_t a, std::int64_t b) {
  const std::int64_t room = std::numeric_limits<std::int64_t>::max() - std::max<std::int64_t>(a, 0);
  return a + std::min(b, room);
}

}  // namespace

CounterBook::CounterBook(const Folder& data, Log& log) : data_(data), log_(log) {
  auto record = load<CounterRecord>(data, kName);
  record_.unsettled = !record.ok();
  if (record.ok()) {
    record_ = record.value();
  } else if (record.error().code != ErrorCode::kNotFound) {
    log_.say("damage: " + record.error().message + "; counting goes on from what the server knows");
  }
  saved_at_ms_ = boottime_ms();
}

void CounterBook::tick(const Observation& seen) {
  if (record_.unsettled && record_.run == 0) record_.joined_run = seen.run;
  begin_run(seen.run);  // an agent may have died before it could say so
  const std::string boot = boot_id();
  const Milliseconds now(boottime_ms());
  const bool served_on = record_.boot_id == boot && record_.serving && seen.serving;
  if (served_on && now > record_.at) record_.up += now - record_.at;
  const std::int64_t counted = std::min(seen.run_inferences.value_or(0), kRunInferencesMax);
  record_.run_inferences = std::max(record_.run_inferences, counted);
  if (seen.run_inferences && record_.joined_run != 0) {
    if (record_.joined_run == seen.run) record_.inferences_before -= record_.run_inferences;
    record_.joined_run = 0;
  }
  const bool turned = record_.serving != seen.serving;
  record_.boot_id = boot;
  record_.at = now;
  record_.serving = seen.serving;
  record_.read_at = seen.read_at;
  if (turned || now.value - saved_at_ms_ >= kSaveEvery.value) save_now();
}

void CounterBook::begin_run(std::int64_t run) {
  if (run == record_.run) return;
  record_.inferences_before = saturating_sum(record_.inferences_before, record_.run_inferences);
  record_.run_inferences = 0;
  record_.run = run;
  record_.serving = false;
  record_.read_at = Milliseconds(0);
  save_now();
}

void CounterBook::count_restart() {
  record_.restarts = saturating_sum(record_.restarts, 1);
  save_now();
}

void CounterBook::save_now() { (void)keep(record_); }

bool CounterBook::keep(const CounterRecord& record) {
  saved_at_ms_ = boottime_ms();
  Status saved = save(data_, kName, record);
  if (saved.ok()) {
    log_.solved("counters", "counters are kept again");
  } else {
    log_.problem("counters", "counters: " + saved.error().message);
  }
  return saved.ok();
}

void CounterBook::settle(const FieldCounters& known) {
  if (!record_.unsettled) return;
  CounterRecord next = record_;
  next.unsettled = false;
  next.up = Milliseconds(saturating_sum(next.up.value, known.up.value));
  next.inferences_before = saturating_sum(next.inferences_before, known.inferences);
  next.restarts = saturating_sum(next.restarts, known.restarts);
  // Kept before it is said: otherwise it would be told again, with what was counted here in it.
  if (keep(next)) record_ = next;
}

Milliseconds CounterBook::read_at(std::int64_t run, const std::string& boot_id) const {
  const bool is_known = record_.run == run && record_.boot_id == boot_id;
  return is_known ? record_.read_at : Milliseconds(0);
}

FieldCounters CounterBook::counters() const {
  FieldCounters counters;
  counters.up = record_.up;
  counters.inferences = saturating_sum(record_.inferences_before, record_.run_inferences);
  counters.restarts = record_.restarts;
  return counters;
}

}  // namespace duru::agent

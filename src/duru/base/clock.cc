#include "duru/base/clock.h"

#include <time.h>

#include <algorithm>
#include <fstream>

#include "duru/base/assert.h"

namespace duru {
namespace {

std::int64_t read_clock_ms(clockid_t id) {
  timespec t{};
  DURU_ASSERT(clock_gettime(id, &t) == 0);
  return static_cast<std::int64_t>(t.tv_sec) * 1000 + t.tv_nsec / 1'000'000;
}

}  // namespace

std::int64_t boottime_ms() { return read_clock_ms(CLOCK_BOOTTIME); }
Timestamp wall_time() { return Timestamp(read_clock_ms(CLOCK_REALTIME)); }
Timestamp BoottimeClock::now() const { return Timestamp(anchor_.value + boottime_ms()); }

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  id.erase(std::remove(id.begin(), id.end(), '-'), id.end());
  return id;
}

}  // namespace duru

// Clock: the one time of an installation. now = anchor + boot-time clock, so it neither jumps with
// the wall clock nor stops while the machine sleeps; the loop chooses the anchor at a start (DESIGN
// §3). Everybody is given a Clock; nobody asks the system. VirtualClock is the simulator's and the
// tests'.
#pragma once

#include <string>

#include "duru/base/units.h"

namespace duru {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
  // Our time of a moment that a process of this boot read from the boot-time clock
  // (CLOCK_BOOTTIME), in ms.
  virtual Timestamp at_boottime(std::int64_t boottime_ms) const = 0;
};

class VirtualClock : public Clock {
 public:
  explicit VirtualClock(Timestamp start) : now_(start) {}
  Timestamp now() const override { return now_; }
  Timestamp at_boottime(std::int64_t boottime_ms) const override { return Timestamp(boottime_ms); }
  void advance_to(Timestamp t) {
    if (t > now_) now_ = t;
  }

 private:
  Timestamp now_;
};

// anchor + CLOCK_BOOTTIME. Safe to read from any thread.
class BoottimeClock : public Clock {
 public:
  explicit BoottimeClock(Timestamp anchor) : anchor_(anchor) {}
  Timestamp now() const override;
  Timestamp at_boottime(std::int64_t boottime_ms) const override {
    return Timestamp(anchor_.value + boottime_ms);
  }

 private:
  Timestamp anchor_;  // our time at the boot
};

std::int64_t boottime_ms();  // CLOCK_BOOTTIME
Timestamp wall_time();       // CLOCK_REALTIME; only for choosing an anchor
std::string boot_id();       // /proc/sys/kernel/random/boot_id without dashes

}  // namespace duru

// Spool: the events of this node that the server has not got yet, on disk, in the order in which
// they happened.
//
//   auto spool = Spool::open(data, limits, log);
//   spool->append(run, {{line, end_offset}, ...}, when);   // durable; numbered from the last on
//   request.events = spool->batch(kEventsPerSync);
//   spool->acknowledge(reply.events_through);        // durable at the server: may go; a lower
//                                                    // number than before takes that back
//
// Guarantees: each line of a run's events file gets one number, whatever dies when, because an
// event carries its place in that file (offset_of() says where to read on). Numbers rise by one; a
// number that is missing was dropped and is counted in dropped(), also one that the server lost
// after it was removed here. Bounded by `limits`: the oldest segment goes first, acknowledged or
// not. A segment that cannot be read is set aside, counted as dropped, and holds nothing up.
//
// The server may know of more events than our disk, where that lost some that were sent. So batch()
// is empty until the server has said, since the start, how far it is. If that is beyond what we can
// have sent, what was written since we last heard of it gets new numbers behind the server's.
//
// On disk, in events/: segments of about 64 KiB (spool_segment.h). A torn last line never was
// durable and is cut off; a damaged one is dropped and counted. `mark` (SpoolMark) holds what the
// removed segments leave behind: it is written before a segment is removed. New numbers are given
// by writing the segments once more, under another generation, which `mark` then names. `unsent`
// (SpoolUnsent) is made at the start and removed before the first event is sent, which needs no
// room: what is sent while the disk is full is never taken for unsent. `clocks` holds what the
// server said the time was, by boot.
//
// Ages are on the boot-time clock of one boot. An event of an earlier boot has the server's time of
// it, where the server spoke to us in that boot. Both are true to within the event's uncertainty.
// Safe from several threads.
#pragma once

#include <memory>
#include <mutex>

#include "duru/agent/log.h"
#include "duru/agent/spool_segment.h"
#include "duru/field/protocol.h"

namespace duru::agent {

// Names of records in events/.
inline constexpr char kSpoolMark[] = "mark";
inline constexpr char kSpoolUnsent[] = "unsent";
inline constexpr char kSpoolClocks[] = "clocks";

struct SpoolMark {
  std::int64_t acknowledged = 0;     // by the server, through this number
  std::int64_t removed_through = 0;  // no segment up to here is of use any more
  std::int64_t dropped = 0;          // never reached the server, among the removed
  std::int64_t run = 0;              // of event `placed`, and its place
  std::int64_t end_offset = 0;
  std::int64_t placed = 0;      // the newest that was acknowledged or removed
  std::int64_t generation = 0;  // of the segments
};

// Events behind this number were never sent: the server was not heard since before they were
// written.
struct SpoolUnsent {
  std::int64_t after = 0;
};

struct BootClock {
  std::string boot_id;
  Timestamp zero;  // the server's time when that boot's clock was 0
};

struct BootClocks {
  std::vector<BootClock> boots;  // the oldest first, at most eight
};

struct SpoolLimits {
  std::int64_t bytes_max = 8 << 20;
  std::int64_t segment_bytes = 64 << 10;  // a new one is begun when the last has so many
};

struct SpoolSummary {
  std::int64_t waiting = 0;  // for the server
  std::int64_t dropped = 0;
};

class Spool {
 public:
  struct Line {
    std::string body;
    std::int64_t end_offset = 0;
    std::int64_t dropped_before = 0;  // events that were passed over between the former and this
  };

  // When lines were written, on the boot-time clock of one boot.
  struct When {
    std::string boot_id;  // empty: nobody knows
    Milliseconds at;
    Milliseconds uncertainty;
  };

  static Result<std::unique_ptr<Spool>> open(const Folder& data, SpoolLimits limits, Log& log);
  // Only reads, also while an agent runs on the folder.
  static Result<SpoolSummary> summarize(const Folder& data);

  // On failure nothing is taken: the same lines may be given again.
  Status append(std::int64_t run, const std::vector<Line>& lines, const When& when);
  std::int64_t offset_of(std::int64_t run) const;

  std::vector<EventReport> batch(std::size_t count_max);
  void acknowledge(std::int64_t through);
  void note_server_time(Timestamp server_time, Milliseconds at);
  // The server spoke to us in an earlier boot, and not yet in this one.
  bool is_new_boot() const;

  std::int64_t last_number() const;
  bool has_waiting() const;
  std::int64_t dropped() const;
  // Events were dropped, and the server has not got all of what is left yet.
  bool is_overflowing() const;

 private:
  struct Segment {
    std::int64_t first = 0;
    std::int64_t last = 0;   // first - 1 while empty
    std::int64_t count = 0;  // readable events
    std::int64_t bytes = 0;
    std::int64_t run = 0;  // of its last event
    std::int64_t end_offset = 0;
  };

  Spool(Folder folder, SpoolLimits limits, Log& log)
      : folder_(std::move(folder)), limits_(limits), log_(log) {}
  Status read_all();
  void load_records();
  void note_unsent();
  Status measure(Segment& segment) const;
  // Below: with the mutex held.
  SegmentFile file_of(const Segment& segment) const {
    return {folder_, segment.first, mark_.generation};
  }
  Status commit(const SpoolMark& mark);
  Status append_to_newest(std::int64_t run, const std::vector<Line>& lines, const When& when);
  void make_room();
  Status remove_oldest();
  void set_aside(std::size_t index, const Error& why);
  Status note_acknowledged(std::int64_t through);
  Status renumber(std::int64_t through);
  void forget_unsent();
  Status write_anew(std::vector<StoredEvent> events, SpoolMark mark);
  Result<std::vector<StoredEvent>> events_after(std::int64_t number, std::size_t count_max);
  void place_at(SpoolMark& mark, std::int64_t number) const;
  std::int64_t last() const;
  std::int64_t missing(const Segment& segment, std::int64_t after) const {
    return segment.last - after - segment.count;
  }
  std::int64_t dropped_now() const;

  Folder folder_;
  SpoolLimits limits_;
  Log& log_;
  mutable std::mutex mutex_;
  SpoolMark mark_;
  BootClocks clocks_;
  std::vector<Segment> segments_;  // ascending
  bool heard_ = false;             // the server said since the start how far it is
  std::int64_t unsent_after_ = 0;  // meaningful until then
  bool overflowing_ = false;
};

}  // namespace duru::agent

namespace duru {
DURU_DECLARE_RECORD(agent::SpoolMark)
DURU_DECLARE_RECORD(agent::SpoolUnsent)
DURU_DECLARE_RECORD(agent::BootClock)
DURU_DECLARE_RECORD(agent::BootClocks)
}  // namespace duru

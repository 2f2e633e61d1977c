// EventTail: reads what a workload appends to its DURU_EVENTS file, line by line, from where our
// disk says that we are.
//
//   EventTail tail(path, spool.offset_of(run), read_up_to);
//   auto moved = tail.move(spool, run);          // on failure the same lines come again
//
// An event is one JSON object of at most kEventBytesMax bytes. Other lines are passed over and
// counted. A line without its end is not read yet. What was read is given back to the disk, as a
// hole: the file keeps its length and the workload notices nothing. Nobody need know where the hole
// ends: zeros before a line are passed over.
//
// Where more than 8 MiB are unread, as much as the spool holds, the oldest go: of each part of 1
// MiB the last event is kept, the others are counted as dropped. So a workload that writes faster
// than events can be kept fills no disk; and where the disk is full, what is before the first event
// that is kept is given back at once, to make room for it.
//
// A line was written after the file was last read to its end, and before it is read now. Where that
// is long, because no agent ran or our disk was full, the file's modification time is the end of
// it: on another clock, the wall's, and so only as long as nobody set that clock since the run
// began.
#pragma once

#include <string>
#include <vector>

#include "duru/agent/spool.h"
#include "duru/base/clock.h"

namespace duru::agent {

// Nothing was unread in the file then.
struct ReadUpTo {
  std::string boot_id;  // empty: nobody knows when
  Milliseconds at;      // on that boot's clock
  Timestamp wall_zero;  // the wall clock's time when that clock was 0, as the run began
};

class EventTail {
 public:
  EventTail(std::string path, std::int64_t offset, ReadUpTo read)
      : path_(std::move(path)), offset_(offset), read_(std::move(read)) {}

  struct Moved {
    bool any = false;   // there were events
    bool more = false;  // another move() may bring more at once
    std::int64_t dropped = 0;
  };
  // A part at a time, to the spool's disk.
  Result<Moved> move(Spool& spool, std::int64_t run);

  // The two halves of it: events on whole lines, and that they are safe.
  std::vector<Spool::Line> read();
  void done();
  std::int64_t rejected() const { return rejected_; }
  const ReadUpTo& read_up_to() const { return read_; }

 private:
  struct Passed {
    std::string_view line;
    std::int64_t end_offset = 0;
  };

  void skip_hole(int file);
  bool take_line(std::string_view line, std::int64_t end_offset, std::vector<Spool::Line>& lines);
  void pass_line(std::string_view line, std::int64_t end_offset, std::vector<Passed>& passed);
  void keep_last(std::vector<Passed> passed, std::vector<Spool::Line>& lines);
  bool make_room(const Spool::Line& first);
  void give_back();
  Spool::When written() const;

  std::string path_;
  std::string boot_id_ = boot_id();  // now
  std::int64_t offset_ = 0;
  std::int64_t next_offset_ = 0;
  std::int64_t hole_end_ = 0;
  ReadUpTo read_;
  Milliseconds next_read_at_;  // when the last read() began
  bool next_is_end_ = false;   // it came to the end
  Timestamp modified_;         // the file, as the wall clock says
  bool in_long_line_ = false;  // its beginning was passed over
  bool next_in_long_line_ = false;
  std::int64_t rejected_ = 0;
  std::int64_t next_rejected_ = 0;
  std::int64_t dropped_ = 0;  // since the last event that was kept
  std::int64_t next_dropped_ = 0;
};

}  // namespace duru::agent

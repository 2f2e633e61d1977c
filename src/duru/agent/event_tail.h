// EventTail: reads what a workload appends to its DURU_EVENTS file, line by line, from where our
// disk says that we are.
//
//   EventTail tail(path, spool.offset_of(run));
//   auto moved = tail.move(spool, run);          // on failure the same lines come again
//
// An event is one JSON object of at most kEventBytesMax bytes. Other lines are passed over and
// counted. A line without its end is not read yet. What was read is given back to the disk, as a
// hole: the file keeps its length and the workload notices nothing.
//
// Where more than 8 MiB are unread, as much as the spool holds, the oldest go: of each part of 1
// MiB the last event is kept, the others are counted as dropped. So a workload that writes faster
// than events can be kept fills no disk.
#pragma once

#include <string>
#include <vector>

#include "duru/agent/spool.h"

namespace duru::agent {

class EventTail {
 public:
  EventTail(std::string path, std::int64_t offset) : path_(std::move(path)), offset_(offset) {}

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

 private:
  void take_line(std::string_view line, std::int64_t end_offset, std::vector<Spool::Line>& lines);
  void pass_line(std::string_view line, std::int64_t end_offset, Spool::Line& last);

  std::string path_;
  std::int64_t offset_ = 0;
  std::int64_t next_offset_ = 0;
  std::int64_t hole_end_ = 0;
  bool in_long_line_ = false;  // its beginning was passed over
  bool next_in_long_line_ = false;
  std::int64_t rejected_ = 0;
  std::int64_t next_rejected_ = 0;
  std::int64_t dropped_ = 0;  // since the last event that was kept
  std::int64_t next_dropped_ = 0;
};

}  // namespace duru::agent

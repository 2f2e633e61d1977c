// Segments: the files that the spool is made of, one event a line: `CRC32 JSON`. A segment is named
// by the first number in it; names of another generation are no part of the spool (spool.h).
//
//   SegmentFile file{folder, 41, generation};
//   DURU_TRY(file.write(bytes_before, line_of(event)));   // durable
//   auto read = file.read();
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "duru/agent/disk.h"
#include "duru/base/units.h"

namespace duru::agent {

struct StoredEvent {
  std::int64_t number = 0;
  std::string boot_id;
  Milliseconds at;  // boot-time clock of that boot
  std::int64_t run = 0;
  std::int64_t end_offset = 0;  // behind its line in the run's events file
  std::string body;
  Milliseconds uncertainty{};  // of `at`
};

std::string line_of(const StoredEvent& event);

struct ReadSegment {
  std::vector<StoredEvent> events;  // their numbers rise
  std::int64_t good_bytes = 0;      // through the last readable line
  int damaged_lines = 0;            // before that
};

struct SegmentFile {
  const Folder& folder;
  std::int64_t first = 0;
  std::int64_t generation = 0;

  std::string name() const;
  Result<ReadSegment> read() const;
  // Cuts the file off behind `at` bytes (what a failed write left there goes) and appends.
  Status write(std::int64_t at, std::string_view text) const;
  void remove() const;
  // Out of the spool's way, but not given back to the disk, which would put something else where it
  // cannot be read. Only the newest few are kept.
  Status set_aside() const;
};

// The first numbers of the generation's segments, ascending.
std::vector<std::int64_t> segments_in(const Folder& folder, std::int64_t generation);
// Of the segments that are there; 0 where there are none.
std::int64_t newest_generation(const Folder& folder);
// Removes the segments of all others.
void keep_generation(const Folder& folder, std::int64_t generation);

// Nothing is wrong with the place on the disk; something was short (room, memory, descriptors).
bool is_passing(const Error& error);

}  // namespace duru::agent

namespace duru {
DURU_DECLARE_RECORD(agent::StoredEvent)
}  // namespace duru

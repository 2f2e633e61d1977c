// How many files this process may have open, and the work that it starts.
//
// Every connection is an open file, and shells give a process 1024 or 4096 of them unless it asks
// for more. The server asks for all that it may have, up to 524288, as it keeps a connection with
// each node of the field while there are files left for that. Work gets what the server was started
// with (at least 4096), since some programs walk over all that they may open.
#pragma once

#include <cstddef>
#include <cstdint>

namespace duru {

struct OpenFiles {
  std::uint64_t ours = 0;     // of this process
  std::uint64_t of_work = 0;  // soft limit of what it starts

  // What that and this machine's memory leave for connections that are kept
  // (HttpLimits::kept_max).
  std::size_t for_kept_connections() const;
};

// Raises this process's soft limit. Where that fails: a line in the log, and less is kept.
OpenFiles raise_open_files();

}  // namespace duru

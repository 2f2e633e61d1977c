// What tests of SQLite journals share: a journal whose server was killed, and damaged copies of it.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "duru/journal/sqlite/sqlite_journal.h"
#include "duru/journal/test_support.h"

namespace duru::testing {

// Runs the body in a child process that then ends without closing anything; gives its exit code.
inline int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  DURU_ASSERT(child >= 0);
  if (child == 0) ::_exit(body());
  int status = 0;
  DURU_ASSERT(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// A journal of `count` entries in DIR that was never closed: most of it is in the log.
inline bool make_crashed_journal(const std::string& dir, std::int64_t count) {
  return in_child([&] {
           // Never deleted: the destructor would close it properly.
           auto journal = SqliteJournal::open(dir);
           if (!journal.ok()) return 1;
           for (std::int64_t i = 0; i < count; ++i) {
             journal.value()->append(entry_number(i));
             if (!journal.value()->flush().ok()) return 2;
           }
           return journal.value().release() == nullptr ? 3 : 0;
         }) == 0;
}

// The same, closed: all of it is in the database.
inline bool make_closed_journal(const std::string& dir, std::int64_t count) {
  auto journal = SqliteJournal::open(dir);
  if (!journal.ok()) return false;
  append_entries(*journal.value(), 0, count);
  return journal.value()->flush().ok();
}

inline std::string file_bytes(const std::string& path) {
  std::ifstream input(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(input)), {});
}

inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// Makes `to` a copy of the journal in `from`, without the lock and the log's index.
inline void copy_journal(const std::string& from, const std::string& to) {
  std::filesystem::remove_all(to);
  std::filesystem::create_directory(to);
  for (const char* name : {"/journal.db", "/journal.db-wal", "/head"}) {
    if (std::filesystem::exists(from + name)) std::filesystem::copy(from + name, to + name);
  }
}

}  // namespace duru::testing

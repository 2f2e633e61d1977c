// A prepared SQLite statement of the history, without SQLite's header.
//
//   Statement row(connection, "SELECT listed FROM job WHERE id = ?1");
//   row.bind(1, id);
//   if (row.step()) use(row.text(0));
//   if (!row.done()) return row.error(path);
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "duru/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace duru::history {

// `path: <SQLite's words>`; kDamaged for a file that is no sound database of ours.
Error sqlite_error(sqlite3* connection, const std::string& path, int code);
Status execute(sqlite3* connection, const std::string& path, const std::string& sql);

class Statement {
 public:
  Statement(sqlite3* connection, const std::string& sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view text);  // it must live until reset() or the end
  bool step();                                  // true: there is a row
  bool done() const;
  void reset();
  std::int64_t number(int column) const;
  std::string_view text(int column) const;  // until the next step()
  Error error(const std::string& path) const { return sqlite_error(connection_, path, code_); }

 private:
  sqlite3* connection_;
  sqlite3_stmt* statement_ = nullptr;
  int code_ = 0;
};

}  // namespace duru::history

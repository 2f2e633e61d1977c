// A prepared SQLite statement and SQLite's failures as Errors. Private to this folder: it shows
// sqlite3.h, so only .cc files include it.
//
//   Statement statement(connection, "SELECT body FROM entry WHERE first_seq = ?1");
//   statement.bind(1, seq);
//   while (statement.step()) use(statement.blob(0));
//   if (!statement.done()) return statement.error(path);
// Inside this folder.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "duru/base/result.h"

namespace duru {

// `path: what: <SQLite's words>`, with its code mapped to ours.
Error sqlite_error(sqlite3* connection, const std::string& path, int code);

class Statement {
 public:
  Statement(sqlite3* connection, const std::string& sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view blob);  // which must live until reset or the end
  bool step();                                  // true: there is a row
  bool done() const { return code_ == SQLITE_DONE; }
  void reset();
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string_view blob(int column) const;
  Error error(const std::string& path) const { return sqlite_error(connection_, path, code_); }

 private:
  sqlite3* connection_;
  sqlite3_stmt* statement_ = nullptr;
  int code_ = SQLITE_OK;
};

}  // namespace duru

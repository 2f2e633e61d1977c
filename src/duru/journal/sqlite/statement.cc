#include "duru/journal/sqlite/statement.h"

#include <fmt/core.h>

namespace duru {

Error sqlite_error(sqlite3* connection, const std::string& path, int code) {
  // The connection's words belong to its last failure, which is this one unless opening failed.
  const char* words = connection != nullptr && sqlite3_errcode(connection) != SQLITE_OK
                          ? sqlite3_errmsg(connection)
                          : sqlite3_errstr(code);
  Error error{ErrorCode::kInternal, fmt::format("{}: {} (SQLite code {})", path, words, code)};
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // our own SQL is right: the schema that it meets is not
    case SQLITE_SCHEMA:
    case SQLITE_FORMAT:
      error.code = ErrorCode::kDamaged;
      break;
    case SQLITE_FULL:
      error.code = ErrorCode::kExhausted;
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      error.code = ErrorCode::kUnavailable;
      break;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      error.code = ErrorCode::kDenied;
      break;
    case SQLITE_CONSTRAINT:
      error.code = ErrorCode::kConflict;
      break;
    default:
      break;
  }
  return error;
}

Statement::Statement(sqlite3* connection, const std::string& sql) : connection_(connection) {
  code_ = sqlite3_prepare_v2(connection, sql.c_str(), -1, &statement_, nullptr);
}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::bind(int index, std::int64_t value) {
  if (code_ == SQLITE_OK) code_ = sqlite3_bind_int64(statement_, index, value);
}

void Statement::bind(int index, std::string_view blob) {
  if (code_ != SQLITE_OK) return;
  // A null pointer would bind NULL, not an empty blob.
  const void* bytes = blob.data() == nullptr ? "" : blob.data();
  code_ = sqlite3_bind_blob64(statement_, index, bytes, blob.size(), nullptr);
}

bool Statement::step() {
  if (code_ != SQLITE_OK && code_ != SQLITE_ROW) return false;
  code_ = sqlite3_step(statement_);
  return code_ == SQLITE_ROW;
}

void Statement::reset() {
  // A statement that could not be prepared keeps the error that says why.
  if (statement_ != nullptr) code_ = sqlite3_reset(statement_);
}

std::string_view Statement::blob(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (bytes == nullptr || size <= 0) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

}  // namespace duru

#include "duru/history/statement.h"

#include <fmt/core.h>
#include <sqlite3.h>

namespace duru::history {

Error sqlite_error(sqlite3* connection, const std::string& path, int code) {
  const char* words = connection != nullptr && sqlite3_errcode(connection) != SQLITE_OK
                          ? sqlite3_errmsg(connection)
                          : sqlite3_errstr(code);
  Error error{ErrorCode::kInternal, fmt::format("{}: {} (SQLite code {})", path, words, code)};
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_SCHEMA:
    case SQLITE_ERROR:  // our own SQL is right: the schema that it meets is not
      error.code = ErrorCode::kDamaged;
      break;
    case SQLITE_FULL:
      error.code = ErrorCode::kExhausted;
      error.retryable = true;
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      error.code = ErrorCode::kUnavailable;
      error.retryable = true;
      break;
    case SQLITE_PERM:
    case SQLITE_READONLY:
      error.code = ErrorCode::kDenied;
      break;
    default:
      break;
  }
  return error;
}

Status execute(sqlite3* connection, const std::string& path, const std::string& sql) {
  const int code = sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? ok_status() : Status(sqlite_error(connection, path, code));
}

Statement::Statement(sqlite3* connection, const std::string& sql) : connection_(connection) {
  code_ = sqlite3_prepare_v2(connection, sql.c_str(), -1, &statement_, nullptr);
}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::bind(int index, std::int64_t value) {
  if (code_ == SQLITE_OK) code_ = sqlite3_bind_int64(statement_, index, value);
}

void Statement::bind(int index, std::string_view text) {
  if (code_ != SQLITE_OK) return;
  const char* bytes = text.data() == nullptr ? "" : text.data();  // a null pointer would bind NULL
  code_ = sqlite3_bind_text64(statement_, index, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

bool Statement::step() {
  if (code_ != SQLITE_OK && code_ != SQLITE_ROW) return false;
  code_ = sqlite3_step(statement_);
  return code_ == SQLITE_ROW;
}

bool Statement::done() const { return code_ == SQLITE_DONE; }

void Statement::reset() {
  if (statement_ != nullptr) code_ = sqlite3_reset(statement_);
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Statement::text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (bytes == nullptr || size <= 0) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

}  // namespace duru::history

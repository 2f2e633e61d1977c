#include "duru/catalog/csv.h"

#include <utility>

namespace duru {
namespace {

constexpr std::size_t kSizeMaxBytes = std::size_t{16} << 20;

// How many bytes the UTF-8 character at the front of `text` takes; 0 if it is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return 1;
  const std::size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xf0 && byte(1) < 0x90);
  const bool surrogate = byte(0) == 0xed && byte(1) >= 0xa0;
  const bool beyond = byte(0) == 0xf4 && byte(1) >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Takes one record after the other off the front of the text.
class Scanner {
 public:
  Scanner(std::string_view file, std::string_view text) : file_(file), text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  std::size_t line() const { return line_; }

  Result<std::vector<std::string>> next_record() {
    std::vector<std::string> cells;
    for (;;) {
      Result<std::string> cell = starts_with('"') ? quoted() : plain();
      if (!cell.ok()) return cell.error();
      cells.push_back(std::move(cell.value()));
      if (starts_with(',')) {
        ++at_;
        continue;
      }
      if (at_end() || take_line_end()) return cells;
      return csv_error(file_, line_, "text after a closing quote");
    }
  }

 private:
  bool starts_with(char c) const { return at_ < text_.size() && text_[at_] == c; }

  bool take_line_end() {
    if (starts_with('\r') && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
    if (!starts_with('\n')) return false;
    ++at_;
    ++line_;
    return true;
  }

  // Moves one character into `out`.
  Status take(std::string& out) {
    const std::size_t length = utf8_length(text_.substr(at_));
    if (length == 0) return csv_error(file_, line_, "not valid UTF-8");
    if (is_control(text_[at_])) return csv_error(file_, line_, "control character");
    out += text_.substr(at_, length);
    at_ += length;
    return ok_status();
  }

  Result<std::string> plain() {
    std::string cell;
    while (!at_end() && !starts_with(',') && !starts_with('\n') && !starts_with('\r')) {
      if (starts_with('"')) return csv_error(file_, line_, "quote inside an unquoted field");
      DURU_TRY(take(cell));
    }
    if (starts_with('\r') && text_.substr(at_, 2) != "\r\n") {
      return csv_error(file_, line_, "carriage return without a line feed");
    }
    return cell;
  }

  Result<std::string> quoted() {
    const std::size_t opened_line = line_;
    std::string cell;
    ++at_;
    while (!at_end()) {
      if (starts_with('"')) {
        ++at_;
        if (!starts_with('"')) return cell;
        cell += '"';
        ++at_;
      } else if (take_line_end()) {
        cell += '\n';
      } else {
        DURU_TRY(take(cell));
      }
    }
    return csv_error(file_, opened_line, "quoted field is never closed");
  }

  std::string_view file_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

Result<CsvColumns> read_columns(std::string_view file, const std::vector<std::string>& names) {
  CsvColumns columns;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) return csv_error(file, 1, "column without a name");
    if (!columns.emplace(names[i], i).second) {
      return csv_error(file, 1, "column " + names[i] + " appears twice");
    }
  }
  return columns;
}

}  // namespace

Error csv_error(std::string_view file, std::size_t line, const std::string& what) {
  Error error;
  error.code = ErrorCode::kInvalid;
  error.message = std::string(file) + ":" + std::to_string(line) + ": " + what;
  return error;
}

const std::string& CsvRow::cell(std::string_view column) const {
  const auto found = columns->find(column);
  DURU_ASSERT(found != columns->end());
  return cells[found->second];
}

Status CsvTable::require(const std::vector<std::string>& names) const {
  for (const std::string& name : names) {
    if (columns.find(name) == columns.end()) {
      return csv_error(file, 1, "column " + name + " is missing");
    }
  }
  return ok_status();
}

Result<CsvTable> parse_csv(std::string_view file, std::string_view text) {
  if (text.size() > kSizeMaxBytes) return csv_error(file, 1, "larger than 16 MiB");
  if (text.empty()) return csv_error(file, 1, "empty: a header line is missing");
  if (text.substr(0, 3) == "\xef\xbb\xbf")
    return csv_error(file, 1, "begins with a byte order mark");
  Scanner scanner(file, text);
  const Result<std::vector<std::string>> header = scanner.next_record();
  if (!header.ok()) return header.error();
  Result<CsvColumns> columns = read_columns(file, header.value());
  if (!columns.ok()) return columns.error();
  CsvTable table{std::string(file), std::move(columns.value()), {}};
  const auto shared = std::make_shared<const CsvColumns>(table.columns);
  while (!scanner.at_end()) {
    const std::size_t line = scanner.line();
    Result<std::vector<std::string>> cells = scanner.next_record();
    if (!cells.ok()) return cells.error();
    if (cells.value().size() != shared->size()) {
      return csv_error(file, line,
                       "expected " + std::to_string(shared->size()) + " fields, found " +
                           std::to_string(cells.value().size()));
    }
    table.rows.push_back({line, std::move(cells.value()), shared});
  }
  return table;
}

}  // namespace duru

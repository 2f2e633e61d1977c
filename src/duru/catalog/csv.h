// Reads the catalogue's tables: comma-separated text as RFC 4180 has it (quoted fields, doubled
// quotes, line breaks inside quotes, LF or CRLF), with a header line that names the columns.
//
//   Result<CsvTable> table = parse_csv("prices.csv", text);
//   for (const CsvRow& row : table.value().rows) use(row.cell("chip"), row.line);
//
// Guarantees: every row has a cell for every column; text is valid UTF-8 without control
// characters; every error is one line that begins with `file:line:`. Input is at most 16 MiB.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "duru/base/result.h"

namespace duru {

using CsvColumns = std::map<std::string, std::size_t, std::less<>>;

struct CsvRow {
  std::size_t line = 0;  // where the row begins, counted from 1
  std::vector<std::string> cells;
  std::shared_ptr<const CsvColumns> columns;

  // The cell of a column that the table is known to have (CsvTable::require).
  const std::string& cell(std::string_view column) const;
};

struct CsvTable {
  std::string file;
  CsvColumns columns;
  std::vector<CsvRow> rows;

  // An error that names the first of `names` that the header lacks.
  Status require(const std::vector<std::string>& names) const;
};

// The error every reader of a table gives: `file:line: what`.
Error csv_error(std::string_view file, std::size_t line, const std::string& what);

Result<CsvTable> parse_csv(std::string_view file, std::string_view text);

}  // namespace duru

#include "duru/catalog/tables.h"

#include <limits>

namespace duru {
namespace {

constexpr std::size_t kIdLengthMax = 63;

Error row_error(const CsvTable& table, const CsvRow& row, const std::string& what) {
  return csv_error(table.file, row.line, what);
}

std::string trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

// "SAPEON (merged into Rebellions)" is SAPEON.
std::string vendor_name(std::string_view cell) { return trim(cell.substr(0, cell.find('('))); }

// The cells with their lengths, so that no two rows give the same bytes.
void add_row(Sha256& hash, const CsvRow& row) {
  for (const std::string& cell : row.cells) {
    hash.update(std::to_string(cell.size()) + ":");
    hash.update(cell);
  }
  hash.update("\n");
}

template <class Enum>
std::optional<Enum> parse_enum(std::string_view text) {
  for (const EnumName& name : type_of<Enum>().enum_names) {
    if (name.name == text) return static_cast<Enum>(name.value);
  }
  return std::nullopt;
}

// Thousandths of a GiB to bytes, the nearest one.
Bytes gib_to_bytes(std::int64_t milli_gib) {
  return Bytes(static_cast<std::int64_t>((Wide{milli_gib} * (Wide{1} << 30) + 500) / 1000));
}

Status read_memory(const CsvTable& table, const CsvRow& row, CatalogChip& chip) {
  const std::string& cell = row.cell("memory_GiB");
  if (cell.empty()) return ok_status();
  std::int64_t milli_gib = 0;
  constexpr std::int64_t kMilliGibMax = 1'000'000'000;
  if (!parse_decimal(cell, 3, milli_gib) || milli_gib <= 0 || milli_gib > kMilliGibMax) {
    return row_error(table, row, "memory_GiB: expected a number of GiB, found \"" + cell + "\"");
  }
  chip.memory = {gib_to_bytes(milli_gib), FigureKind::kPublished, row.cell("source")};
  return ok_status();
}

// "350", or a range "2-5", which is taken as its upper end.
Status read_power(const CsvTable& table, const CsvRow& row, CatalogChip& chip) {
  const std::string& cell = row.cell("tdp_w");
  if (cell.empty()) return ok_status();
  const std::size_t dash = cell.find('-');
  const bool range = dash != std::string::npos;
  std::int64_t low_mw = 0;
  std::int64_t high_mw = 0;
  const bool read = parse_decimal(range ? cell.substr(dash + 1) : cell, 3, high_mw) &&
                    (!range || parse_decimal(cell.substr(0, dash), 3, low_mw));
  if (!read || high_mw <= 0 || low_mw < 0 || low_mw > high_mw) {
    return row_error(table, row,
                     "tdp_w: expected watts (\"350\", \"2-5\"), found \"" + cell + "\"");
  }
  const std::string& source = row.cell("source");
  if (range) {
    chip.power = {Milliwatts(high_mw), FigureKind::kDerived,
                  "upper end of " + cell + " W; " + source};
  } else {
    chip.power = {Milliwatts(high_mw), FigureKind::kPublished, source};
  }
  return ok_status();
}

Status check_id(const CsvTable& table, const CsvRow& row, const std::string& id) {
  if (id.empty()) return row_error(table, row, "the name gives no id");
  if (id.size() > kIdLengthMax) return row_error(table, row, id + ": longer than 63 characters");
  return ok_status();
}

// 16 bits of lower-case hexadecimal, four digits.
bool parse_hex16(std::string_view text, std::uint16_t& out) {
  if (text.size() != 4) return false;
  unsigned value = 0;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) return false;
    value = value * 16 + static_cast<unsigned>(digit ? c - '0' : c - 'a' + 10);
  }
  out = static_cast<std::uint16_t>(value);
  return true;
}

std::vector<std::string> split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    const std::string part = trim(text.substr(0, end));
    if (!part.empty()) parts.push_back(part);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + separator.size());
  }
  return parts;
}

// "/dev/npuN* (Warboy); /dev/rngd/npuN* (RNGD)": a name in parentheses keeps an entry for products
// that begin with it. Of the rest the first counts; later ones (/dev/rsdN) are shared between
// accelerators and numbered apart.
Status read_nodes(const CsvTable& table, const CsvRow& row, PciProduct& product) {
  for (const std::string& part : split(row.cell("dev_nodes"), ";")) {
    const std::size_t hint = part.find(" (");
    if (hint != std::string::npos) {
      const std::string only = part.substr(hint + 2, part.find(')') - hint - 2);
      if (product.product.rfind(only, 0) != 0) continue;
    }
    std::string path = part.substr(0, hint);
    NodePattern pattern;
    pattern.has_parts = path.back() == '*';
    if (pattern.has_parts) path.pop_back();
    if (path.rfind("/dev/", 0) != 0 || path.size() < 7 || path.back() != 'N') {
      return row_error(table, row, "dev_nodes: expected /dev/NAMEN or /dev/NAMEN*, found " + part);
    }
    path.pop_back();
    pattern.prefix = path;
    product.nodes = pattern;
    break;
  }
  return ok_status();
}

}  // namespace

Status read_vendors(const CsvTable& table, ChipTables& tables) {
  DURU_TRY(table.require({"vendor", "origin", "source"}));
  for (const CsvRow& row : table.rows) {
    const std::string& origin = row.cell("origin");
    const bool valid = origin.size() == 2 && origin[0] >= 'A' && origin[0] <= 'Z' &&
                       origin[1] >= 'A' && origin[1] <= 'Z';
    if (!valid) return row_error(table, row, "origin: expected two capital letters (\"KR\")");
    if (row.cell("source").empty()) return row_error(table, row, "source is missing");
    const std::string& name = row.cell("vendor");
    if (name.empty()) return row_error(table, row, "vendor is missing");
    if (!tables.vendors.emplace(name, row).second) {
      return row_error(table, row, "vendor " + name + " appears twice");
    }
  }
  return ok_status();
}

Status read_chips(const CsvTable& table, ChipTables& tables) {
  DURU_TRY(table.require({"chip", "vendor", "class", "memory_GiB", "tdp_w", "form_factor",
                          "workloads", "source", "notes"}));
  for (const CsvRow& row : table.rows) {
    ChipDraft draft;
    CatalogChip& chip = draft.chip;
    draft.line = row.line;
    chip.name = row.cell("chip");
    chip.id = catalog_id(chip.name);
    DURU_TRY(check_id(table, row, chip.id));
    chip.vendor = vendor_name(row.cell("vendor"));
    const auto vendor = tables.vendors.find(chip.vendor);
    if (vendor == tables.vendors.end()) {
      return row_error(table, row, "vendor " + chip.vendor + " is not in vendors.csv");
    }
    chip.origin = vendor->second.cell("origin");
    const std::optional<Track> track = parse_enum<Track>(row.cell("class"));
    if (!track || *track == Track::kCpu) {
      return row_error(table, row,
                       "class: expected gpu or npu, found \"" + row.cell("class") + "\"");
    }
    chip.track = *track;
    chip.form_factor = row.cell("form_factor");
    chip.workloads = row.cell("workloads");
    chip.notes = row.cell("notes");
    DURU_TRY(read_memory(table, row, chip));
    DURU_TRY(read_power(table, row, chip));
    if ((chip.memory || chip.power) && row.cell("source").empty()) {
      return row_error(table, row, "source is missing");
    }
    add_row(draft.digest, row);
    add_row(draft.digest, vendor->second);
    const std::string id = chip.id;
    const auto [at, added] = tables.chips.emplace(id, std::move(draft));
    if (!added) {
      return row_error(
          table, row, "chip " + id + " is on line " + std::to_string(at->second.line) + " already");
    }
  }
  return ok_status();
}

Status read_prices(const CsvTable& table, ChipTables& tables) {
  DURU_TRY(table.require({"chip", "credits_per_accelerator_hour", "kind", "source"}));
  for (const CsvRow& row : table.rows) {
    const std::string& id = row.cell("chip");
    const auto found = tables.chips.find(id);
    if (found == tables.chips.end()) {
      return row_error(table, row, "chip " + id + " is not in chips.csv");
    }
    ChipDraft& draft = found->second;
    if (draft.has_price) return row_error(table, row, "chip " + id + " has a price already");
    CatalogFigure<MicroCredits>& price = draft.chip.price_per_hour;
    const std::string& credits = row.cell("credits_per_accelerator_hour");
    if (!parse_decimal(credits, 6, price.value.value) || price.value < MicroCredits(0)) {
      return row_error(table, row,
                       "expected credits with at most six places, found \"" + credits + "\"");
    }
    const std::optional<FigureKind> kind = parse_enum<FigureKind>(row.cell("kind"));
    if (!kind || *kind == FigureKind::kUnknown) {
      return row_error(table, row,
                       "kind: expected measured, published, derived or assumed, found \"" +
                           row.cell("kind") + "\"");
    }
    price.kind = *kind;
    price.source = row.cell("source");
    if (price.source.empty()) return row_error(table, row, "source is missing");
    draft.has_price = true;
    add_row(draft.digest, row);
  }
  for (const auto& [id, draft] : tables.chips) {
    if (!draft.has_price) {
      return csv_error("chips.csv", draft.line, "chip " + id + " has no row in " + table.file);
    }
  }
  return ok_status();
}

Status read_aliases(const CsvTable& table, ChipTables& tables) {
  DURU_TRY(table.require({"alias", "chip", "source"}));
  for (const CsvRow& row : table.rows) {
    const std::string& alias = row.cell("alias");
    const std::string& id = row.cell("chip");
    DURU_TRY(check_id(table, row, alias));
    if (catalog_id(alias) != alias) {
      return row_error(table, row, "alias " + alias + ": expected lower-case letters, digits, '-'");
    }
    if (tables.chips.count(alias) != 0) {
      return row_error(table, row, "alias " + alias + " is the id of a chip");
    }
    const auto found = tables.chips.find(id);
    if (found == tables.chips.end()) {
      return row_error(table, row, "chip " + id + " is not in chips.csv");
    }
    if (!tables.alias.emplace(alias, id).second) {
      return row_error(table, row, "alias " + alias + " appears twice");
    }
    found->second.chip.aliases.push_back(alias);
  }
  return ok_status();
}

Result<std::vector<PciProduct>> read_pci_ids(const CsvTable& table, const ChipTables& tables) {
  DURU_TRY(table.require(
      {"vendor_id", "device_id", "vendor", "product", "driver", "dev_nodes", "source"}));
  std::vector<PciProduct> products;
  std::set<std::pair<std::uint16_t, std::uint16_t>> seen;
  for (const CsvRow& row : table.rows) {
    if (row.cell("device_id") == "*") continue;
    PciProduct product;
    if (!parse_hex16(row.cell("vendor_id"), product.vendor_id) ||
        !parse_hex16(row.cell("device_id"), product.device_id)) {
      return row_error(table, row, "expected ids of four lower-case hexadecimal digits");
    }
    if (!seen.emplace(product.vendor_id, product.device_id).second) {
      return row_error(
          table, row,
          "PCI id " + row.cell("vendor_id") + ":" + row.cell("device_id") + " appears twice");
    }
    product.vendor = vendor_name(row.cell("vendor"));
    product.product = row.cell("product");
    product.source = row.cell("source");
    if (product.source.empty()) return row_error(table, row, "source is missing");
    product.drivers = split(row.cell("driver"), "+");
    DURU_TRY(read_nodes(table, row, product));
    const std::string id = catalog_id(product.product);
    const auto alias = tables.alias.find(id);
    if (tables.chips.count(id) != 0) product.chip = id;
    if (alias != tables.alias.end()) product.chip = alias->second;
    products.push_back(std::move(product));
  }
  return products;
}

std::vector<CatalogChip> finish_chips(ChipTables& tables) {
  std::vector<CatalogChip> chips;
  for (auto& [id, draft] : tables.chips) {
    draft.chip.digest = draft.digest.finish();
    chips.push_back(std::move(draft.chip));
  }
  return chips;
}

}  // namespace duru

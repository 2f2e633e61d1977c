#include "duru/catalog/load.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "duru/catalog/csv.h"
#include "duru/catalog/tables.h"

namespace duru {
namespace {

constexpr const char* kFileNames[] = {"chips.csv", "vendors.csv", "pci_ids.csv", "prices.csv",
                                      "aliases.csv"};
constexpr std::uintmax_t kFileSizeMaxBytes = std::uintmax_t{16} << 20;

Result<CsvTable> read_table(const CatalogFiles& files, const std::string& name) {
  const auto found = files.find(name);
  if (found == files.end()) return csv_error(name, 1, "the table is missing");
  return parse_csv(name, found->second);
}

Digest digest_of(const CatalogFiles& files) {
  Sha256 hash;
  for (const auto& [name, text] : files) {
    hash.update(name + " " + std::to_string(text.size()) + "\n");
    hash.update(text);
  }
  return hash.finish();
}

Result<std::string> read_file(const std::filesystem::path& path) {
  std::error_code failed;
  const std::uintmax_t size_bytes = std::filesystem::file_size(path, failed);
  if (failed) return system_error(path.string(), failed.value());
  if (size_bytes > kFileSizeMaxBytes) return csv_error(path.string(), 1, "larger than 16 MiB");
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || text.str().size() != size_bytes) return system_error(path.string(), EIO);
  return text.str();
}

}  // namespace

Result<Catalog> parse_catalog(const CatalogFiles& files) {
  std::map<std::string, CsvTable> tables;
  for (const char* name : kFileNames) {
    Result<CsvTable> table = read_table(files, name);
    if (!table.ok()) return table.error();
    tables.emplace(name, std::move(table.value()));
  }
  ChipTables chips;
  DURU_TRY(read_vendors(tables.at("vendors.csv"), chips));
  DURU_TRY(read_chips(tables.at("chips.csv"), chips));
  DURU_TRY(read_prices(tables.at("prices.csv"), chips));
  DURU_TRY(read_aliases(tables.at("aliases.csv"), chips));
  Result<std::vector<PciProduct>> products = read_pci_ids(tables.at("pci_ids.csv"), chips);
  if (!products.ok()) return products.error();
  return Catalog(finish_chips(chips), std::move(products.value()), digest_of(files));
}

Result<Catalog> load_catalog(const std::string& directory) {
  CatalogFiles files = builtin_catalog_files();
  if (directory.empty()) return parse_catalog(files);
  bool any = false;
  for (const char* name : kFileNames) {
    const std::filesystem::path path = std::filesystem::path(directory) / name;
    std::error_code failed;
    const std::filesystem::file_status status = std::filesystem::status(path, failed);
    if (status.type() == std::filesystem::file_type::not_found) continue;
    if (failed) return system_error(path.string(), failed.value());
    Result<std::string> text = read_file(path);
    if (!text.ok()) return text.error();
    files[name] = std::move(text.value());
    any = true;
  }
  if (any) return parse_catalog(files);
  Error error = system_error("catalogue folder " + directory, ENOENT);
  error.message = "catalogue folder " + directory +
                  " holds none of chips.csv, vendors.csv, pci_ids.csv, prices.csv, aliases.csv";
  return error;
}

}  // namespace duru

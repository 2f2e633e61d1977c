// From the rows of the catalogue's tables to chips, one function a table. Only load.cc uses it; it
// is a file of its own so that reading files and reading rows stay apart.
//
//   ChipTables tables;
//   DURU_TRY(read_vendors(vendors_csv, tables));
//   DURU_TRY(read_chips(chips_csv, tables));     // needs the vendors; prices and aliases need it
//
// Guarantees: an error names file and line; ChipTables holds only rows that passed every check.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "duru/catalog/catalog.h"
#include "duru/catalog/csv.h"

namespace duru {

struct ChipDraft {
  CatalogChip chip;
  std::size_t line = 0;
  bool has_price = false;
  Sha256 digest;  // of the rows seen so far
};

struct ChipTables {
  std::map<std::string, CsvRow> vendors;     // by name
  std::map<std::string, ChipDraft> chips;    // by id
  std::map<std::string, std::string> alias;  // alias to id
};

Status read_vendors(const CsvTable& table, ChipTables& tables);
Status read_chips(const CsvTable& table, ChipTables& tables);
// Also checks that every chip has got a price.
Status read_prices(const CsvTable& table, ChipTables& tables);
Status read_aliases(const CsvTable& table, ChipTables& tables);
// Rows whose device id is '*' are hints for people and left out.
Result<std::vector<PciProduct>> read_pci_ids(const CsvTable& table, const ChipTables& tables);
// Ends the drafts: each chip gets its digest.
std::vector<CatalogChip> finish_chips(ChipTables& tables);

}  // namespace duru

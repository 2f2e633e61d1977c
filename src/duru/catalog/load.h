// Reads and checks the catalogue's tables (data/chips/SOURCE.md says what they hold and by which
// rules they are read). The tables of the build are inside the binary; a folder may replace some.
//
//   Result<Catalog> catalog = load_catalog("");            // what was built in
//   Result<Catalog> own = load_catalog("/etc/duru/chips");  // its files replace the built-in ones
//
// Errors are one line that begins with `file:line:`; nothing is loaded in part.
#pragma once

#include <map>
#include <string>

#include "duru/base/result.h"
#include "duru/catalog/catalog.h"

namespace duru {

// The text of each table by file name: chips.csv, vendors.csv, pci_ids.csv, prices.csv,
// aliases.csv.
using CatalogFiles = std::map<std::string, std::string>;

// What data/chips held when this binary was built.
const CatalogFiles& builtin_catalog_files();

// All five tables must be there.
Result<Catalog> parse_catalog(const CatalogFiles& files);

// The built-in tables, those that lie in `directory` taken from there. An empty name means the
// built-in ones alone; a directory that holds none of them is an error.
Result<Catalog> load_catalog(const std::string& directory);

}  // namespace duru

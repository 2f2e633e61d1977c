// The chips that Duru knows: whose they are, what they hold, draw and cost, and how a host shows
// them on its PCI bus. It is what the tables in data/chips say, checked; load.h reads them.
//
//   const CatalogChip* chip = catalog.find("h100");            // an id or an alias
//   if (chip->power) show(chip->power->value, chip->power->kind, chip->power->source);
//   const PciProduct* product = catalog.find_pci(0x1ed2, 0x0001);
//
// Guarantees: each figure carries its kind and source; a figure that is not known is absent, never
// zero; every chip has a vendor, an origin, a track and a price; no id or alias means two chips.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "duru/base/sha256.h"
#include "duru/base/units.h"
#include "duru/domain/fleet.h"

namespace duru {

template <class T>
struct CatalogFigure {
  T value;
  FigureKind kind{};
  std::string source;
};

struct CatalogChip {
  std::string id;    // "rebel-cr13"
  std::string name;  // as the table spells it: "REBEL-CR13 (Rebel100, formerly REBEL-Quad)"
  std::string vendor;
  std::string origin;  // ISO 3166 alpha-2
  Track track{};       // gpu or npu
  std::string form_factor;
  std::string workloads;
  std::string notes;
  std::vector<std::string> aliases;                // sorted
  std::optional<CatalogFigure<Bytes>> memory;      // of one accelerator
  std::optional<CatalogFigure<Milliwatts>> power;  // under full load
  CatalogFigure<MicroCredits> price_per_hour;      // of one whole accelerator
  Digest digest;                                   // of the rows that all this came from
};

// The file that an accelerator shows under /dev: `prefix`, its number, and with `has_parts` several
// files that go on after the number (/dev/rngd/npu0pe0, ...).
struct NodePattern {
  std::string prefix;
  bool has_parts = false;
};

struct PciProduct {
  std::uint16_t vendor_id = 0;
  std::uint16_t device_id = 0;
  std::string vendor;
  std::string product;               // as the table spells it
  std::string chip;                  // an id; empty: recognised, but the catalogue has no such chip
  std::vector<std::string> drivers;  // kernel drivers that serve it; empty: not known
  std::optional<NodePattern> nodes;
  std::string source;
};

class Catalog {
 public:
  // The parts must be valid already: load.h sees to that.
  Catalog(std::vector<CatalogChip> chips, std::vector<PciProduct> pci_products, Digest digest);

  // By id or alias, in small or capital letters; null if there is none.
  const CatalogChip* find(std::string_view id_or_alias) const;
  const PciProduct* find_pci(std::uint16_t vendor_id, std::uint16_t device_id) const;

  const std::vector<CatalogChip>& chips() const { return chips_; }  // by id
  const std::vector<PciProduct>& pci_products() const { return pci_products_; }
  const Digest& digest() const { return digest_; }  // of all the files together

 private:
  std::vector<CatalogChip> chips_;
  std::vector<PciProduct> pci_products_;
  std::map<std::string, std::size_t, std::less<>> chip_by_name_;
  std::map<std::pair<std::uint16_t, std::uint16_t>, std::size_t> product_by_pci_id_;
  Digest digest_;
};

// The chip as it enters the journal. A figure that is absent is zero of kind `unknown` there.
Chip to_chip(const CatalogChip& chip);

// The id rule: up to the first '(' or ';', lower case, each run of other characters than a-z and
// 0-9 one '-'. Empty if nothing is left.
std::string catalog_id(std::string_view name);

}  // namespace duru

#include "duru/catalog/catalog.h"

#include <algorithm>

#include "duru/base/assert.h"

namespace duru {
Catalog::Catalog(std::vector<CatalogChip> chips, std::vector<PciProduct> pci_products,
                 Digest digest)
    : chips_(std::move(chips)), pci_products_(std::move(pci_products)), digest_(digest) {
  std::sort(chips_.begin(), chips_.end(),
            [](const CatalogChip& a, const CatalogChip& b) { return a.id < b.id; });
  for (std::size_t i = 0; i < chips_.size(); ++i) {
    DURU_ASSERT(chip_by_name_.emplace(chips_[i].id, i).second);
    for (const std::string& alias : chips_[i].aliases) {
      DURU_ASSERT(chip_by_name_.emplace(alias, i).second);
    }
  }
  for (std::size_t i = 0; i < pci_products_.size(); ++i) {
    const PciProduct& product = pci_products_[i];
    DURU_ASSERT(
        product_by_pci_id_.emplace(std::pair(product.vendor_id, product.device_id), i).second);
  }
}

const CatalogChip* Catalog::find(std::string_view id_or_alias) const {
  std::string name(id_or_alias);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  const auto found = chip_by_name_.find(name);
  return found == chip_by_name_.end() ? nullptr : &chips_[found->second];
}

const PciProduct* Catalog::find_pci(std::uint16_t vendor_id, std::uint16_t device_id) const {
  const auto found = product_by_pci_id_.find({vendor_id, device_id});
  return found == product_by_pci_id_.end() ? nullptr : &pci_products_[found->second];
}

Chip to_chip(const CatalogChip& chip) {
  Chip out;
  out.name = ChipName(chip.id);
  out.aliases = chip.aliases;
  out.vendor = chip.vendor;
  out.origin = chip.origin;
  out.track = chip.track;
  if (chip.memory) out.memory = chip.memory->value;
  if (chip.power) {
    out.watts = chip.power->value;
    out.watts_kind = chip.power->kind;
    out.watts_source = chip.power->source;
  }
  out.price = chip.price_per_hour.value;
  out.price_kind = chip.price_per_hour.kind;
  out.price_source = chip.price_per_hour.source;
  out.catalogue_digest = chip.digest.hex();
  return out;
}

std::string catalog_id(std::string_view name) {
  std::string id;
  for (char c : name.substr(0, name.find_first_of("(;"))) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      id += c;
    } else if (!id.empty() && id.back() != '-') {
      id += '-';
    }
  }
  if (!id.empty() && id.back() == '-') id.pop_back();
  return id;
}

}  // namespace duru

#include "duru/catalog/catalog.h"

#include <gtest/gtest.h>

#include "duru/catalog/load.h"

namespace duru {
namespace {

const Catalog& builtin() {
  static const Result<Catalog> loaded = load_catalog("");
  EXPECT_TRUE(loaded.ok()) << (loaded.ok() ? "" : loaded.error().message);
  return loaded.value();
}

TEST(Catalog, IdsFollowTheNameRule) {
  EXPECT_EQ(catalog_id("H100-SXM5-80GB"), "h100-sxm5-80gb");
  EXPECT_EQ(catalog_id("REBEL-CR13 (Rebel100, formerly REBEL-Quad)"), "rebel-cr13");
  EXPECT_EQ(catalog_id("ARIES (MLA100); subsystem 0401:1093"), "aries");
  EXPECT_EQ(catalog_id("DX-H1 Quattro"), "dx-h1-quattro");
  EXPECT_EQ(catalog_id("  --A__b-- "), "a-b");
  EXPECT_EQ(catalog_id("(unnamed)"), "");
}

TEST(Catalog, AChipIsFoundByIdAndByAlias) {
  for (const auto& [alias, id] :
       std::vector<std::pair<std::string, std::string>>{{"h100", "h100-sxm5-80gb"},
                                                        {"h200", "h200-sxm-141gb"},
                                                        {"a100", "a100-sxm4-80gb"},
                                                        {"A100", "a100-sxm4-80gb"},
                                                        {"b200", "b200-sxm-180gb"},
                                                        {"rngd", "rngd"},
                                                        {"warboy", "warboy"},
                                                        {"aries", "aries-mla100"},
                                                        {"dx-m1", "dx-m1"},
                                                        {"atom-max", "rbln-ca25"},
                                                        {"rebel", "rebel-cr13"}}) {
    const CatalogChip* chip = builtin().find(alias);
    ASSERT_NE(chip, nullptr) << alias;
    EXPECT_EQ(chip->id, id);
  }
  EXPECT_EQ(builtin().find("h1000"), nullptr);
  EXPECT_EQ(builtin().find(""), nullptr);
}

TEST(Catalog, AChipCarriesItsFiguresWithKindAndSource) {
  const CatalogChip* chip = builtin().find("rngd");
  ASSERT_NE(chip, nullptr);
  EXPECT_EQ(chip->vendor, "FuriosaAI");
  EXPECT_EQ(chip->origin, "KR");
  EXPECT_EQ(chip->track, Track::kNpu);
  ASSERT_TRUE(chip->memory && chip->power);
  EXPECT_EQ(chip->memory->value, Bytes(std::int64_t{48} << 30));
  EXPECT_EQ(chip->memory->kind, FigureKind::kPublished);
  EXPECT_EQ(chip->power->value, Milliwatts(150'000));
  EXPECT_EQ(chip->price_per_hour.value, MicroCredits(1'455'000));
  EXPECT_EQ(chip->price_per_hour.kind, FigureKind::kAssumed);
  EXPECT_EQ(builtin().find("h100")->price_per_hour.value, MicroCredits(7'516'000));
  EXPECT_EQ(builtin().find("h100")->price_per_hour.kind, FigureKind::kPublished);
}

TEST(Catalog, ARangeOfWattsIsItsUpperEndAndSaysSo) {
  const CatalogChip* chip = builtin().find("dx-m1");
  ASSERT_TRUE(chip != nullptr && chip->power);
  EXPECT_EQ(chip->power->value, Milliwatts(5000));
  EXPECT_EQ(chip->power->kind, FigureKind::kDerived);
  EXPECT_EQ(chip->power->source.rfind("upper end of 2-5 W; ", 0), 0U);
}

TEST(Catalog, AFigureThatNobodyPublishedIsAbsent) {
  const CatalogChip* chip = builtin().find("dx-m2");
  ASSERT_NE(chip, nullptr);
  EXPECT_FALSE(chip->memory);
  EXPECT_FALSE(chip->power);
}

TEST(Catalog, EveryChipOfTheBuildHasVendorOriginTrackAndPriceWithSource) {
  EXPECT_EQ(builtin().chips().size(), 39U);
  for (const CatalogChip& chip : builtin().chips()) {
    EXPECT_FALSE(chip.vendor.empty()) << chip.id;
    EXPECT_EQ(chip.origin, chip.track == Track::kGpu ? "US" : "KR") << chip.id;
    EXPECT_GT(chip.price_per_hour.value, MicroCredits(0)) << chip.id;
    EXPECT_FALSE(chip.price_per_hour.source.empty()) << chip.id;
    if (chip.memory) {
      EXPECT_FALSE(chip.memory->source.empty()) << chip.id;
    }
    if (chip.power) {
      EXPECT_FALSE(chip.power->source.empty()) << chip.id;
    }
  }
}

TEST(Catalog, PciIdsLeadToChipsAndToTheirDeviceNodes) {
  const PciProduct* h100 = builtin().find_pci(0x10de, 0x2330);
  ASSERT_NE(h100, nullptr);
  EXPECT_EQ(h100->chip, "h100-sxm5-80gb");
  EXPECT_EQ(h100->drivers, std::vector<std::string>{"nvidia"});
  EXPECT_EQ(h100->nodes->prefix, "/dev/nvidia");
  EXPECT_FALSE(h100->nodes->has_parts);
  EXPECT_EQ(builtin().find_pci(0x209f, 0x0000)->chip, "aries-mla100");
  EXPECT_EQ(builtin().find_pci(0x1eff, 0x2131)->chip, "rebel-cr13");
  EXPECT_EQ(builtin().find_pci(0x1eff, 0x1250)->nodes->prefix, "/dev/rbln");
  EXPECT_EQ(builtin().find_pci(0x1ff4, 0x0000)->chip, "dx-m1");
  EXPECT_EQ(builtin().find_pci(0x1ff4, 0x0100)->drivers,
            (std::vector<std::string>{"dx_dma", "dxrt_driver"}));
}

TEST(Catalog, TheTwoFuriosaChipsHaveNodesOfTheirOwn) {
  EXPECT_EQ(builtin().find_pci(0x1ed2, 0x0000)->nodes->prefix, "/dev/npu");
  const PciProduct* rngd = builtin().find_pci(0x1ed2, 0x0001);
  EXPECT_EQ(rngd->nodes->prefix, "/dev/rngd/npu");
  EXPECT_TRUE(rngd->nodes->has_parts);
}

TEST(Catalog, AChipEntersTheJournalWithItsFiguresAndItsDigest) {
  const CatalogChip* rngd = builtin().find("rngd");
  const Chip chip = to_chip(*rngd);
  EXPECT_EQ(chip.name.str(), "rngd");
  EXPECT_EQ(chip.track, Track::kNpu);
  EXPECT_EQ(chip.watts, Milliwatts(150'000));
  EXPECT_EQ(chip.watts_kind, FigureKind::kPublished);
  EXPECT_EQ(chip.price, MicroCredits(1'455'000));
  EXPECT_EQ(chip.catalogue_digest, rngd->digest.hex());
  const Chip bare = to_chip(*builtin().find("dx-m2"));
  EXPECT_EQ(bare.watts_kind, FigureKind::kUnknown);
  EXPECT_EQ(bare.watts_source, "");
}

// Incumbent tools look for Rebellions at 1f3f, take 2b00 for a B200 and 1ed5 for a Mobilint.
TEST(Catalog, PciIdsThatOtherToolsGetWrongAreRight) {
  EXPECT_EQ(builtin().find_pci(0x1f3f, 0x1120), nullptr);
  EXPECT_EQ(builtin().find_pci(0x10de, 0x2b00)->chip, "jetson-agx-thor-128gb");
  EXPECT_EQ(builtin().find_pci(0x10de, 0x2901)->chip, "b200-sxm-180gb");
  for (const PciProduct& product : builtin().pci_products()) EXPECT_NE(product.vendor_id, 0x1ed5);
}

TEST(Catalog, AProductWithoutAChipIsKnownByName) {
  const PciProduct* product = builtin().find_pci(0x10de, 0x2342);
  ASSERT_NE(product, nullptr);
  EXPECT_EQ(product->product, "GH200-120GB/480GB");
  EXPECT_EQ(product->chip, "");
}

}  // namespace
}  // namespace duru

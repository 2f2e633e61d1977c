#include "duru/catalog/load.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace duru {
namespace {

CatalogFiles small_files() {
  return {
      {"vendors.csv", "vendor,origin,source\nAcme,KR,seat\n"},
      {"chips.csv",
       "chip,vendor,class,memory_GiB,tdp_w,form_factor,workloads,source,notes\n"
       "Fast-1 (first),Acme (of Seoul),gpu,185.03,400,PCIe,train,sheet,\n"
       "Small,Acme,npu,,2-5,,infer,sheet,\"a, b\"\n"},
      {"prices.csv",
       "chip,credits_per_accelerator_hour,kind,source\n"
       "fast-1,3.5,published,list\nsmall,0.05,assumed,rule\n"},
      {"aliases.csv", "alias,chip,source\nfast,fast-1,short\n"},
      {"pci_ids.csv",
       "vendor_id,device_id,vendor,product,role,driver,dev_nodes,source\n"
       "1abc,0001,Acme,Fast,PF,acme,/dev/acmeN,pci.ids\n1abc,*,Acme,hint,,,,pci.ids\n"},
  };
}

std::string error_with(const std::string& file, const std::string& from, const std::string& to) {
  CatalogFiles files = small_files();
  const std::size_t at = files[file].find(from);
  EXPECT_NE(at, std::string::npos) << from;
  files[file].replace(at, from.size(), to);
  const Result<Catalog> catalog = parse_catalog(files);
  return catalog.ok() ? "no error" : catalog.error().message;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// A folder of its own under the test's temporary folder, gone at the end.
class Folder {
 public:
  explicit Folder(const std::string& name)
      : path_(std::filesystem::path(testing::TempDir()) /
              ("duru_catalog_" + name + "_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string str() const { return path_.string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
  }

 private:
  std::filesystem::path path_;
};

TEST(LoadCatalog, TheBuildHoldsTheTablesOfTheRepositoryByteForByte) {
  EXPECT_EQ(builtin_catalog_files().size(), 5U);
  for (const auto& [name, text] : builtin_catalog_files()) {
    EXPECT_EQ(text, text_of(std::filesystem::path(DURU_CHIP_DATA) / name)) << name;
  }
}

TEST(LoadCatalog, GoodTablesGiveChips) {
  const Result<Catalog> catalog = parse_catalog(small_files());
  ASSERT_TRUE(catalog.ok()) << catalog.error().message;
  const CatalogChip* fast = catalog.value().find("fast");
  ASSERT_NE(fast, nullptr);
  EXPECT_EQ(fast->id, "fast-1");
  EXPECT_EQ(fast->vendor, "Acme");
  EXPECT_EQ(fast->memory->value, Bytes(198'674'449'695));  // 185.03 GiB to the nearest byte
  EXPECT_EQ(catalog.value().find_pci(0x1abc, 1)->chip, "fast-1");
  EXPECT_EQ(catalog.value().pci_products().size(), 1U);
  EXPECT_EQ(catalog.value().find("small")->notes, "a, b");
}

TEST(LoadCatalog, ErrorsNameFileLineAndWhatIsWrong) {
  EXPECT_EQ(error_with("vendors.csv", "KR", "kr"),
            "vendors.csv:2: origin: expected two capital letters (\"KR\")");
  EXPECT_EQ(error_with("vendors.csv", "Acme", "Other"),
            "chips.csv:2: vendor Acme is not in vendors.csv");
  EXPECT_EQ(error_with("chips.csv", "gpu", "tpu"),
            "chips.csv:2: class: expected gpu or npu, found \"tpu\"");
  EXPECT_EQ(error_with("chips.csv", "185.03", "0"),
            "chips.csv:2: memory_GiB: expected a number of GiB, found \"0\"");
  EXPECT_EQ(error_with("chips.csv", "400", "400W"),
            "chips.csv:2: tdp_w: expected watts (\"350\", \"2-5\"), found \"400W\"");
  EXPECT_EQ(error_with("chips.csv", "2-5", "5-2"),
            "chips.csv:3: tdp_w: expected watts (\"350\", \"2-5\"), found \"5-2\"");
  EXPECT_EQ(error_with("chips.csv", "Small", "FAST 1"),
            "chips.csv:3: chip fast-1 is on line 2 already");
  EXPECT_EQ(error_with("chips.csv", "Small", "()"), "chips.csv:3: the name gives no id");
  EXPECT_EQ(error_with("chips.csv", "train,sheet", "train,"), "chips.csv:2: source is missing");
  EXPECT_EQ(error_with("chips.csv", "tdp_w", "watts"), "chips.csv:1: column tdp_w is missing");
  EXPECT_EQ(error_with("prices.csv", "3.5", "-3.5"),
            "prices.csv:2: expected credits with at most six places, found \"-3.5\"");
  EXPECT_EQ(error_with("prices.csv", "assumed", "guessed"),
            "prices.csv:3: kind: expected measured, published, derived or assumed, found "
            "\"guessed\"");
  EXPECT_EQ(error_with("prices.csv", "small,", "fast-1,"),
            "prices.csv:3: chip fast-1 has a price already");
  EXPECT_EQ(error_with("prices.csv", "small,0.05,assumed,rule\n", ""),
            "chips.csv:3: chip small has no row in prices.csv");
  EXPECT_EQ(error_with("prices.csv", ",rule", ","), "prices.csv:3: source is missing");
  EXPECT_EQ(error_with("aliases.csv", "fast,", "small,"),
            "aliases.csv:2: alias small is the id of a chip");
  EXPECT_EQ(error_with("aliases.csv", "fast,", "Fast,"),
            "aliases.csv:2: alias Fast: expected lower-case letters, digits, '-'");
  EXPECT_EQ(error_with("aliases.csv", "fast-1", "slow"),
            "aliases.csv:2: chip slow is not in chips.csv");
  EXPECT_EQ(error_with("pci_ids.csv", "1abc", "1ABC"),
            "pci_ids.csv:2: expected ids of four lower-case hexadecimal digits");
  EXPECT_EQ(error_with("pci_ids.csv", "1abc,*", "1abc,0001"),
            "pci_ids.csv:3: PCI id 1abc:0001 appears twice");
  EXPECT_EQ(error_with("pci_ids.csv", "/dev/acmeN", "acme0"),
            "pci_ids.csv:2: dev_nodes: expected /dev/NAMEN or /dev/NAMEN*, found acme0");
}

TEST(LoadCatalog, AMissingTableIsAnError) {
  CatalogFiles files = small_files();
  files.erase("aliases.csv");
  EXPECT_EQ(parse_catalog(files).error().message, "aliases.csv:1: the table is missing");
}

TEST(LoadCatalog, TheDigestOfAChipChangesWithItsOwnRowsOnly) {
  const Catalog before = parse_catalog(small_files()).value();
  CatalogFiles files = small_files();
  files["prices.csv"].replace(files["prices.csv"].find("0.05"), 4, "0.06");
  const Catalog after = parse_catalog(files).value();
  EXPECT_EQ(before.find("fast")->digest, after.find("fast")->digest);
  EXPECT_NE(before.find("small")->digest, after.find("small")->digest);
  EXPECT_NE(before.digest(), after.digest());
}

TEST(LoadCatalog, AFileOfAFolderReplacesTheBuiltInOne) {
  const Folder folder("override");
  std::string prices = builtin_catalog_files().at("prices.csv");
  prices.replace(prices.find("h100-sxm5-80gb,7.516"), 20, "h100-sxm5-80gb,2.000");
  folder.write("prices.csv", prices);
  const Result<Catalog> catalog = load_catalog(folder.str());
  ASSERT_TRUE(catalog.ok()) << catalog.error().message;
  EXPECT_EQ(catalog.value().find("h100")->price_per_hour.value, MicroCredits(2'000'000));
  EXPECT_EQ(catalog.value().chips().size(), 39U);
}

TEST(LoadCatalog, AFolderWithNoneOfTheTablesIsAnError) {
  const Folder folder("none");
  const Result<Catalog> catalog = load_catalog(folder.str());
  ASSERT_FALSE(catalog.ok());
  EXPECT_EQ(catalog.error().code, ErrorCode::kNotFound);
  EXPECT_NE(catalog.error().message.find("holds none of chips.csv"), std::string::npos);
  EXPECT_FALSE(load_catalog(folder.str() + "/not_there").ok());
}

TEST(LoadCatalog, ATableThatIsAFolderIsAnError) {
  const Folder folder("table_is_folder");
  std::filesystem::create_directory(folder.str() + "/chips.csv");
  EXPECT_FALSE(load_catalog(folder.str()).ok());
}

}  // namespace
}  // namespace duru

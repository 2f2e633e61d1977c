#include "duru/device/accelerators.h"

#include <gtest/gtest.h>

#include "duru/catalog/load.h"
#include "duru/device/fake_host.h"

namespace duru {
namespace {

using Strings = std::vector<std::string>;

constexpr const char* kAddress = "0000:41:00.0";

const Catalog& catalog() {
  static const Catalog loaded = load_catalog("").value();
  return loaded;
}

AcceleratorSurvey survey_of(const FakeHost& host) {
  return find_accelerators(host.root(), catalog());
}

// The one accelerator of a host without problems.
FoundAccelerator only_one(const FakeHost& host) {
  const AcceleratorSurvey survey = survey_of(host);
  EXPECT_TRUE(survey.problems.empty());
  EXPECT_EQ(survey.accelerators.size(), 1U);
  return survey.accelerators.empty() ? FoundAccelerator{} : survey.accelerators[0];
}

TEST(FindAccelerators, AHostWithoutAPciBusHasNone) {
  const FakeHost host;
  EXPECT_TRUE(survey_of(host).accelerators.empty());
  EXPECT_TRUE(survey_of(host).problems.empty());
}

TEST(FindAccelerators, OtherPciDevicesAreLeftOut) {
  FakeHost host;
  host.add_pci("0000:00:01.0", "8086", "1237").add_pci("0000:00:02.0", "10de", "ffff");
  EXPECT_TRUE(survey_of(host).accelerators.empty());
  EXPECT_TRUE(survey_of(host).problems.empty());
}

TEST(FindAccelerators, AnNvidiaGpuIsReadyWithItsOwnNode) {
  FakeHost host;
  host.add_pci(kAddress, "10de", "2330").bind(kAddress, "nvidia");
  host.attribute(kAddress, "numa_node", "1\n");
  host.attribute(kAddress, "current_link_speed", "32.0 GT/s PCIe\n");
  host.attribute(kAddress, "current_link_width", "16\n");
  host.file("/proc/driver/nvidia/gpus/0000:41:00.0/information",
            "Model: \t\t NVIDIA H100 80GB HBM3\nDevice Minor: \t 3\nGPU Excluded:\t No\n");
  host.file("/dev/nvidia3", "").file("/dev/nvidia30", "").file("/dev/nvidiactl", "");
  const FoundAccelerator gpu = only_one(host);
  EXPECT_EQ(gpu.pci_address, kAddress);
  EXPECT_EQ(gpu.chip, "h100-sxm5-80gb");
  EXPECT_EQ(gpu.vendor, "NVIDIA");
  EXPECT_EQ(gpu.state, DriverState::kReady);
  EXPECT_EQ(gpu.driver, "nvidia");
  EXPECT_EQ(gpu.device_nodes, (Strings{"/dev/nvidia3"}));
  EXPECT_EQ(gpu.numa_node.value(), 1);
  EXPECT_EQ(gpu.link.value(), (PciLink{32'000, 16}));
}

TEST(FindAccelerators, ARebellionsNpuTellsItsNodeInItsPools) {
  FakeHost host;
  host.add_pci(kAddress, "1eff", "1220").bind(kAddress, "rebellions");
  host.attribute(kAddress, "pools", "name size used\nrbln2 16 0\n");
  host.file("/dev/rbln2", "").file("/dev/rbln0", "").file("/dev/rsd0", "");
  const FoundAccelerator npu = only_one(host);
  EXPECT_EQ(npu.chip, "rbln-ca22");
  EXPECT_EQ(npu.state, DriverState::kReady);
  EXPECT_EQ(npu.device_nodes, (Strings{"/dev/rbln2"}));
}

TEST(FindAccelerators, AWarboyTellsItsNodesByBusName) {
  FakeHost host;
  host.add_pci(kAddress, "1ed2", "0000").bind(kAddress, "npu_drv");
  host.file("/sys/class/npu_mgmt/npu0_mgmt/busname", "0000:01:00.0\n");
  host.file("/sys/class/npu_mgmt/npu1_mgmt/busname", "0000:41:00.0\n");
  for (const char* node : {"npu0", "npu1", "npu1_mgmt", "npu1pe0", "npu1pe0-1", "npu10"}) {
    host.file(std::string("/dev/") + node, "");
  }
  const FoundAccelerator npu = only_one(host);
  EXPECT_EQ(npu.chip, "warboy");
  EXPECT_EQ(npu.device_nodes,
            (Strings{"/dev/npu1", "/dev/npu1_mgmt", "/dev/npu1pe0", "/dev/npu1pe0-1"}));
}

TEST(FindAccelerators, AnRngdTellsItsNodesByBusName) {
  FakeHost host;
  host.add_pci(kAddress, "1ed2", "0001").bind(kAddress, "furiosa_rngd");
  host.file("/sys/class/rngd_mgmt/rngd!npu0mgmt/busname", "0000:41:00.0\n");
  host.file("/dev/rngd/npu0mgmt", "").file("/dev/rngd/npu0pe0", "").file("/dev/rngd/npu1pe0", "");
  const FoundAccelerator npu = only_one(host);
  EXPECT_EQ(npu.chip, "rngd");
  EXPECT_EQ(npu.device_nodes, (Strings{"/dev/rngd/npu0mgmt", "/dev/rngd/npu0pe0"}));
}

TEST(FindAccelerators, AnAriesIsFoundByItsCharacterDevice) {
  FakeHost host;
  host.add_pci(kAddress, "209f", "0000").bind(kAddress, "aries");
  host.link("/sys/dev/char/508:0", "../../devices/pci0000:40/0000:01:00.0/aries/aries0");
  host.link("/sys/dev/char/508:1", "../../devices/pci0000:40/0000:41:00.0/aries/aries1");
  host.file("/dev/aries0", "").file("/dev/aries1", "");
  const FoundAccelerator npu = only_one(host);
  EXPECT_EQ(npu.chip, "aries-mla100");
  EXPECT_EQ(npu.device_nodes, (Strings{"/dev/aries1"}));
}

TEST(FindAccelerators, ADeepxCardIsFoundByItsCharacterDevice) {
  FakeHost host;
  host.add_pci(kAddress, "1ff4", "0100").bind(kAddress, "dx_dma_pcie");
  host.link("/sys/dev/char/240:0", "../../devices/pci0000:40/0000:41:00.0/dxrt/dxrt0");
  host.file("/dev/dxrt0", "");
  const FoundAccelerator npu = only_one(host);
  EXPECT_EQ(npu.chip, "dx-m1");
  EXPECT_EQ(npu.state, DriverState::kReady);
  EXPECT_EQ(npu.device_nodes, (Strings{"/dev/dxrt0"}));
}

TEST(FindAccelerators, WithoutADriverItIsThereButNotUsable) {
  FakeHost host;
  host.add_pci(kAddress, "1eff", "2130");
  const FoundAccelerator npu = only_one(host);
  EXPECT_EQ(npu.chip, "rebel-cr13");
  EXPECT_EQ(npu.state, DriverState::kNoDriver);
  EXPECT_TRUE(npu.numa_node.absent());
  EXPECT_TRUE(npu.link.absent());
}

TEST(FindAccelerators, ADeviceGivenToAVirtualMachineIsNotOurs) {
  for (const auto& [vendor, device, driver] :
       {std::tuple("10de", "2330", "vfio-pci"), std::tuple("10de", "2330", "nouveau"),
        std::tuple("1ed2", "0001", "vfio-pci")}) {
    FakeHost host;
    host.add_pci(kAddress, vendor, device).bind(kAddress, driver);
    const FoundAccelerator found = only_one(host);
    EXPECT_EQ(found.state, DriverState::kOtherDriver) << vendor << " " << driver;
    EXPECT_EQ(found.driver, driver);
  }
}

TEST(FindAccelerators, WithoutItsNodesItIsBoundAndNotReady) {
  FakeHost host;
  host.add_pci(kAddress, "10de", "2330").bind(kAddress, "nvidia");
  EXPECT_EQ(only_one(host).state, DriverState::kBound);
  host.file("/proc/driver/nvidia/gpus/0000:41:00.0/information", "Device Minor: \t 3\n");
  host.file("/dev/nvidia1", "");
  EXPECT_EQ(only_one(host).state, DriverState::kBound);
}

TEST(FindAccelerators, APhysicalFunctionThatIsSplitGivesWayToItsVirtualOnes) {
  FakeHost host;
  host.add_pci(kAddress, "1eff", "1220").attribute(kAddress, "sriov_numvfs", "2\n");
  for (const char* address : {"0000:41:00.1", "0000:41:00.2"}) {
    host.add_pci(address, "1eff", "1221");
    host.link(std::string("/sys/devices/pci0000:40/") + address + "/physfn", "../0000:41:00.0");
  }
  const AcceleratorSurvey survey = survey_of(host);
  ASSERT_EQ(survey.accelerators.size(), 2U);
  for (const FoundAccelerator& found : survey.accelerators) {
    EXPECT_EQ(found.chip, "rbln-ca22");
    EXPECT_TRUE(found.is_virtual_function);
    EXPECT_EQ(found.physical_function, kAddress);
  }
}

TEST(FindAccelerators, AVirtualFunctionWithAnUnlistedIdIsItsParentsChip) {
  FakeHost host;
  host.add_pci(kAddress, "1ed2", "0001").attribute(kAddress, "sriov_numvfs", "1\n");
  host.add_pci("0000:41:00.1", "1ed2", "0f01");
  host.link("/sys/devices/pci0000:40/0000:41:00.1/physfn", "../0000:41:00.0");
  const FoundAccelerator found = only_one(host);
  EXPECT_EQ(found.pci_address, "0000:41:00.1");
  EXPECT_EQ(found.chip, "rngd");
}

TEST(FindAccelerators, AWholePhysicalFunctionMaySupportSplitting) {
  FakeHost host;
  host.add_pci(kAddress, "1eff", "1220").attribute(kAddress, "sriov_numvfs", "0\n");
  EXPECT_FALSE(only_one(host).is_virtual_function);
}

TEST(FindAccelerators, AProductThatTheCatalogueHasNoChipForIsNamed) {
  FakeHost host;
  host.add_pci(kAddress, "10de", "2342");
  const FoundAccelerator found = only_one(host);
  EXPECT_EQ(found.product, "GH200-120GB/480GB");
  EXPECT_EQ(found.chip, "");
}

TEST(FindAccelerators, WhatCannotBeReadIsAProblemAndNeverReady) {
  FakeHost host;
  host.add_pci(kAddress, "1eff", "1220").bind(kAddress, "rebellions");
  host.attribute(kAddress, "pools", "garbage");
  host.attribute(kAddress, "current_link_speed", "fast\n");
  host.attribute(kAddress, "current_link_width", "16\n");
  host.add_pci("0000:42:00.0", "1eff", "1220").attribute("0000:42:00.0", "sriov_numvfs", "?\n");
  const AcceleratorSurvey survey = survey_of(host);
  ASSERT_EQ(survey.accelerators.size(), 1U);
  EXPECT_EQ(survey.accelerators[0].state, DriverState::kBound);
  EXPECT_TRUE(survey.accelerators[0].link.failed());
  ASSERT_EQ(survey.problems.size(), 3U);
  EXPECT_NE(survey.problems[0].find("current_link_speed"), std::string::npos);
  EXPECT_NE(survey.problems[1].find("pools: expected a second line"), std::string::npos);
  EXPECT_NE(survey.problems[2].find("sriov_numvfs: expected a number, found \"?\""),
            std::string::npos);
}

TEST(FindAccelerators, ALinkThatIsDownIsAbsent) {
  FakeHost host;
  host.add_pci(kAddress, "209f", "0000");
  host.attribute(kAddress, "current_link_speed", "Unknown\n");
  host.attribute(kAddress, "current_link_width", "255\n");
  EXPECT_TRUE(only_one(host).link.absent());
}

TEST(FindAccelerators, ThisHostCanBeSurveyed) {
  EXPECT_TRUE(find_accelerators("/", catalog()).problems.empty());
}

}  // namespace
}  // namespace duru

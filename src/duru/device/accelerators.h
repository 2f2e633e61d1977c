// Finds the accelerators of a host by PCI vendor and device id, with no vendor software: sysfs, and
// what a loaded kernel driver shows. A PCI class will not do (ARIES is a communication controller),
// nor will lspci's names (most NPU makers have no device entries there).
//
//   const AcceleratorSurvey survey = find_accelerators("/", catalog);
//   for (const FoundAccelerator& a : survey.accelerators) {
//     if (a.state == DriverState::kReady && !a.chip.empty()) offer(a.pci_address, a.chip);
//   }
//
// Guarantees: sorted by PCI address; a physical function that is split into virtual ones is left
// out and its virtual functions stand for it; what could not be read is told in `problems`, and
// never makes a device that is there look absent or one that is not look ready.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "duru/catalog/catalog.h"
#include "duru/device/reading.h"

namespace duru {

enum class DriverState {
  kNoDriver,     // on the bus, nothing bound
  kOtherDriver,  // bound to something else: vfio-pci gives it to a virtual machine
  kBound,        // the vendor's driver has it, its device nodes are not here (a container?)
  kReady,        // the driver has it and its device nodes are here
};
std::string_view to_string(DriverState state);

struct PciLink {
  std::int32_t megatransfers_per_second = 0;  // 16000: PCIe 4
  std::int32_t lanes = 0;
  bool operator==(const PciLink&) const = default;
};

struct FoundAccelerator {
  std::string pci_address;  // "0000:41:00.0"
  std::string vendor;
  std::string product;
  std::string chip;  // an id of the catalogue; empty: a product that the catalogue has no chip for
  bool is_virtual_function = false;
  std::string physical_function;  // its PCI address, of a virtual function only
  DriverState state = DriverState::kNoDriver;
  std::string driver;
  std::vector<std::string> device_nodes;  // of this accelerator alone: "/dev/rbln0"
  Reading<std::int32_t> numa_node;        // absent on a host with one node
  Reading<PciLink> link;                  // as negotiated now
};

struct AcceleratorSurvey {
  std::vector<FoundAccelerator> accelerators;
  std::vector<std::string> problems;  // one line each
};

// `root` is "/" or a copy of the tree. A host without a PCI bus has no accelerators.
AcceleratorSurvey find_accelerators(const std::string& root, const Catalog& catalog);

}  // namespace duru

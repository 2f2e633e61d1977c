#include "duru/device/accelerators.h"

#include <algorithm>
#include <array>
#include <limits>

#include "duru/base/units.h"
#include "duru/device/device_nodes.h"
#include "duru/device/host_tree.h"

namespace duru {
namespace {

const std::string kDevices = "/sys/bus/pci/devices/";

// Drivers that hold a device for somebody else.
constexpr std::array<std::string_view, 5> kPassThroughDrivers = {
    "vfio-pci", "pci-stub", "xen-pciback", "pciback", "uio_pci_generic"};

// The table names kernel modules; a PCI driver of one may have a longer name (dx_dma_pcie).
bool is_vendor_driver(const PciProduct& product, std::string_view driver) {
  if (product.drivers.empty()) {
    return std::find(kPassThroughDrivers.begin(), kPassThroughDrivers.end(), driver) ==
           kPassThroughDrivers.end();
  }
  return std::any_of(product.drivers.begin(), product.drivers.end(),
                     [driver](const std::string& name) {
                       return driver == name || driver.substr(0, name.size() + 1) == name + "_";
                     });
}

Reading<std::int32_t> read_numa_node(const HostTree& host, const std::string& device) {
  const Reading<std::int64_t> node = host.number(device + "/numa_node");
  if (!node.has_value()) return node.as<std::int32_t>();
  if (node.value() < 0) return {};  // the kernel's way to say that it does not know
  if (node.value() > std::numeric_limits<std::int32_t>::max()) {
    return Reading<std::int32_t>::make_failed(device + "/numa_node: too large");
  }
  return static_cast<std::int32_t>(node.value());
}

// "16.0 GT/s PCIe" and "16"; "Unknown" and widths of 0 and 255 mean that there is no link now.
Reading<PciLink> read_link(const HostTree& host, const std::string& device) {
  const Reading<std::string> speed = host.text(device + "/current_link_speed");
  if (!speed.has_value()) return speed.as<PciLink>();
  const Reading<std::int64_t> width = host.number(device + "/current_link_width");
  if (!width.has_value()) return width.as<PciLink>();
  if (speed.value().rfind("Unknown", 0) == 0 || width.value() == 0 || width.value() == 255) {
    return {};
  }
  const std::vector<std::string_view> words = split_words(speed.value());
  std::int64_t megatransfers = 0;
  const bool valid = words.size() >= 2 && words[1] == "GT/s" &&
                     parse_decimal(words[0], 3, megatransfers) && megatransfers > 0 &&
                     megatransfers < 1'000'000 && width.value() > 0 && width.value() <= 64;
  if (!valid) {
    return Reading<PciLink>::make_failed(device + "/current_link_speed: expected \"16.0 GT/s\", " +
                                         "found \"" + speed.value().substr(0, 40) + "\"");
  }
  return PciLink{static_cast<std::int32_t>(megatransfers),
                 static_cast<std::int32_t>(width.value())};
}

class Surveyor {
 public:
  Surveyor(const HostTree& host, const Catalog& catalog) : host_(host), catalog_(catalog) {}

  AcceleratorSurvey run() {
    const Reading<std::vector<std::string>> addresses = host_.list(kDevices);
    if (addresses.failed()) survey_.problems.push_back(addresses.reason());
    if (!addresses.has_value()) return std::move(survey_);
    for (const std::string& address : addresses.value()) look_at(address);
    return std::move(survey_);
  }

 private:
  template <class T>
  void note(const Reading<T>& reading) {
    if (reading.failed()) survey_.problems.push_back(reading.reason());
  }

  const PciProduct* product_at(const std::string& address) {
    const Reading<std::int64_t> vendor = host_.number(kDevices + address + "/vendor");
    const Reading<std::int64_t> device = host_.number(kDevices + address + "/device");
    note(vendor);
    note(device);
    if (!vendor.has_value() || !device.has_value()) return nullptr;
    if (vendor.value() < 0 || vendor.value() > 0xffff || device.value() < 0 ||
        device.value() > 0xffff) {
      return nullptr;
    }
    return catalog_.find_pci(static_cast<std::uint16_t>(vendor.value()),
                             static_cast<std::uint16_t>(device.value()));
  }

  void look_at(const std::string& address) {
    const std::string device = kDevices + address;
    const Reading<std::string> parent = host_.link_name(device + "/physfn");
    note(parent);
    const PciProduct* product = product_at(address);
    // A virtual function may carry an id that no table lists; it is still its parent's chip.
    if (product == nullptr && parent.has_value()) product = product_at(parent.value());
    if (product == nullptr) return;
    const Reading<std::int64_t> virtual_functions = host_.number(device + "/sriov_numvfs");
    note(virtual_functions);
    const bool may_be_split = virtual_functions.failed() ||
                              (virtual_functions.has_value() && virtual_functions.value() != 0);
    if (may_be_split) return;

    FoundAccelerator found;
    found.pci_address = address;
    found.vendor = product->vendor;
    found.product = product->product;
    found.chip = product->chip;
    found.is_virtual_function = parent.has_value();
    if (parent.has_value()) found.physical_function = parent.value();
    found.numa_node = read_numa_node(host_, device);
    found.link = read_link(host_, device);
    note(found.numa_node);
    note(found.link);
    look_at_driver(*product, found);
    survey_.accelerators.push_back(std::move(found));
  }

  void look_at_driver(const PciProduct& product, FoundAccelerator& found) {
    const Reading<std::string> driver = host_.link_name(kDevices + found.pci_address + "/driver");
    note(driver);
    if (!driver.has_value()) return;
    found.driver = driver.value();
    found.state = DriverState::kOtherDriver;
    if (!is_vendor_driver(product, found.driver)) return;
    found.state = DriverState::kBound;
    if (!product.nodes) return;
    const Reading<std::vector<std::string>> nodes =
        find_device_nodes(host_, found.pci_address, *product.nodes);
    note(nodes);
    if (!nodes.has_value()) return;
    found.device_nodes = nodes.value();
    found.state = DriverState::kReady;
  }

  const HostTree& host_;
  const Catalog& catalog_;
  AcceleratorSurvey survey_;
};

}  // namespace

std::string_view to_string(DriverState state) {
  switch (state) {
    case DriverState::kNoDriver:
      return "no_driver";
    case DriverState::kOtherDriver:
      return "other_driver";
    case DriverState::kBound:
      return "bound";
    case DriverState::kReady:
      return "ready";
  }
  return "";
}

AcceleratorSurvey find_accelerators(const std::string& root, const Catalog& catalog) {
  const HostTree host(root);
  return Surveyor(host, catalog).run();
}

}  // namespace duru

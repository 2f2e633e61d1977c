// Which files under /dev belong to one accelerator. Each driver tells its number in a way of its
// own: NVIDIA in /proc/driver/nvidia, Rebellions in the `pools` file, FuriosaAI in `busname` of a
// class device, others by the PCI device above their character device.
//
//   Reading<std::vector<std::string>> nodes = find_device_nodes(host, "0000:41:00.0", pattern);
//
// Absent: the driver tells no number, or there is no such file; never a guess by order.
#pragma once

#include <string>
#include <vector>

#include "duru/catalog/catalog.h"
#include "duru/device/host_tree.h"

namespace duru {

Reading<std::vector<std::string>> find_device_nodes(const HostTree& host,
                                                    const std::string& pci_address,
                                                    const NodePattern& pattern);

}  // namespace duru

// A host made of files in a temporary folder, for tests: the parts of /sys, /proc and /dev that
// the readers of this folder look at. Gone when it goes out of scope.
//
//   FakeHost host;
//   host.add_pci("0000:41:00.0", "1eff", "1220").bind("0000:41:00.0", "rebellions");
//   find_accelerators(host.root(), catalog);
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace duru {

class FakeHost {
 public:
  FakeHost() {
    std::string pattern = (std::filesystem::temp_directory_path() / "duru_host_XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  ~FakeHost() { std::filesystem::remove_all(root_); }
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  std::string root() const { return root_.string(); }

  FakeHost& file(const std::string& path, const std::string& text) {
    const std::filesystem::path full = root_ / path.substr(1);
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full, std::ios::binary) << text;
    return *this;
  }
  FakeHost& folder(const std::string& path) {
    std::filesystem::create_directories(root_ / path.substr(1));
    return *this;
  }
  FakeHost& link(const std::string& path, const std::string& target) {
    const std::filesystem::path full = root_ / path.substr(1);
    std::filesystem::create_directories(full.parent_path());
    std::filesystem::create_symlink(target, full);
    return *this;
  }

  // A PCI device as the kernel shows it: a link on the bus to the device below its bridge.
  FakeHost& add_pci(const std::string& address, const std::string& vendor,
                    const std::string& device) {
    const std::string place = "/sys/devices/pci0000:40/" + address;
    file(place + "/vendor", "0x" + vendor + "\n");
    file(place + "/device", "0x" + device + "\n");
    file(place + "/numa_node", "-1\n");
    return link("/sys/bus/pci/devices/" + address, "../../../devices/pci0000:40/" + address);
  }
  FakeHost& attribute(const std::string& address, const std::string& name,
                      const std::string& text) {
    return file("/sys/devices/pci0000:40/" + address + "/" + name, text);
  }
  FakeHost& bind(const std::string& address, const std::string& driver) {
    const std::string place = "/sys/bus/pci/drivers/" + driver;
    folder(place);
    link(place + "/" + address, "../../../../devices/pci0000:40/" + address);
    return link("/sys/devices/pci0000:40/" + address + "/driver",
                "../../../bus/pci/drivers/" + driver);
  }

 private:
  std::filesystem::path root_;
};

}  // namespace duru

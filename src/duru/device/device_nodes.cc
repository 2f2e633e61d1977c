#include "duru/device/device_nodes.h"

#include <algorithm>
#include <array>
#include <utility>

namespace duru {
namespace {

using Numbers = Reading<std::string>;  // the digits of an accelerator's number

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The digits that follow `prefix` in `name`; what is behind them goes into `rest`.
bool take_number(std::string_view name, std::string_view prefix, std::string& digits,
                 std::string_view& rest) {
  if (name.substr(0, prefix.size()) != prefix) return false;
  name.remove_prefix(prefix.size());
  const auto end = std::find_if_not(name.begin(), name.end(), is_digit);
  digits.assign(name.begin(), end);
  rest = name.substr(digits.size());
  return !digits.empty();
}

bool matches(std::string_view path, const NodePattern& pattern, std::string& digits) {
  std::string_view rest;
  if (!take_number(path, pattern.prefix, digits, rest)) return false;
  return rest.empty() || pattern.has_parts;
}

// "Device Minor: \t 3"
Numbers number_by_nvidia(const HostTree& host, const std::string& address) {
  const std::string path = "/proc/driver/nvidia/gpus/" + address + "/information";
  const Reading<std::string> text = host.text(path);
  if (!text.has_value()) return text;
  for (const std::string_view line : split_lines(text.value())) {
    constexpr std::string_view kLabel = "Device Minor:";
    if (line.substr(0, kLabel.size()) != kLabel) continue;
    const std::vector<std::string_view> words = split_words(line.substr(kLabel.size()));
    const bool number =
        words.size() == 1 && std::all_of(words[0].begin(), words[0].end(), is_digit);
    if (number) return std::string(words[0]);
    return Numbers::make_failed(path + ": Device Minor is not a number");
  }
  return {};
}

// The second line begins with the name of the node: "rbln0 ...".
Numbers number_by_rebellions(const HostTree& host, const std::string& address) {
  const std::string path = "/sys/bus/pci/drivers/rebellions/" + address + "/pools";
  const Reading<std::string> text = host.text(path);
  if (!text.has_value()) return text;
  const std::vector<std::string_view> lines = split_lines(text.value());
  std::string digits;
  std::string_view rest;
  if (lines.size() >= 2) {
    const std::vector<std::string_view> words = split_words(lines[1]);
    if (!words.empty() && take_number(words[0], "rbln", digits, rest) && rest.empty()) {
      return digits;
    }
  }
  return Numbers::make_failed(path + ": expected a second line that begins with rblnN");
}

// FuriosaAI: /sys/class/npu_mgmt/npu0_mgmt/busname, /sys/class/rngd_mgmt/rngd!npu0mgmt/busname.
Numbers number_by_busname(const HostTree& host, const std::string& address) {
  constexpr std::array<std::pair<const char*, const char*>, 2> kClasses = {
      {{"/sys/class/npu_mgmt/", "npu"}, {"/sys/class/rngd_mgmt/", "rngd!npu"}}};
  for (const auto& [folder, prefix] : kClasses) {
    const Reading<std::vector<std::string>> names = host.list(folder);
    if (names.failed()) return names.as<std::string>();
    if (names.absent()) continue;
    for (const std::string& name : names.value()) {
      std::string digits;
      std::string_view rest;
      if (!take_number(name, prefix, digits, rest)) continue;
      const Reading<std::string> busname = host.text(folder + name + "/busname");
      if (busname.failed()) return busname;
      if (busname.has_value() && busname.value() == address) return digits;
    }
  }
  return {};
}

// /sys/dev/char/MAJOR:MINOR links to the device below its PCI device: .../0000:41:00.0/.../aries0.
Numbers number_by_character_device(const HostTree& host, const std::string& address,
                                   const NodePattern& pattern) {
  const std::string folder = "/sys/dev/char/";
  const Reading<std::vector<std::string>> names = host.list(folder);
  if (!names.has_value()) return names.as<std::string>();
  for (const std::string& name : names.value()) {
    const Reading<std::string> target = host.link(folder + name);
    if (!target.has_value()) continue;
    const std::string& path = target.value();
    if (path.find("/" + address + "/") == std::string::npos) continue;
    std::string node = path.substr(path.find_last_of('/') + 1);
    std::replace(node.begin(), node.end(), '!', '/');
    std::string digits;
    if (matches("/dev/" + node, pattern, digits)) return digits;
  }
  return {};
}

Numbers find_number(const HostTree& host, const std::string& address, const NodePattern& pattern) {
  Numbers number = number_by_nvidia(host, address);
  if (number.absent()) number = number_by_rebellions(host, address);
  if (number.absent()) number = number_by_busname(host, address);
  if (number.absent()) number = number_by_character_device(host, address, pattern);
  return number;
}

}  // namespace

Reading<std::vector<std::string>> find_device_nodes(const HostTree& host,
                                                    const std::string& pci_address,
                                                    const NodePattern& pattern) {
  const Numbers number = find_number(host, pci_address, pattern);
  if (!number.has_value()) return number.as<std::vector<std::string>>();
  const std::string folder = pattern.prefix.substr(0, pattern.prefix.find_last_of('/') + 1);
  const Reading<std::vector<std::string>> names = host.list(folder);
  if (!names.has_value()) return names;
  std::vector<std::string> nodes;
  for (const std::string& name : names.value()) {
    std::string digits;
    if (matches(folder + name, pattern, digits) && digits == number.value()) {
      nodes.push_back(folder + name);
    }
  }
  if (nodes.empty()) return {};
  return nodes;
}

}  // namespace duru

// The kernel's view of a host (/sys, /proc, /dev) under a root that tests can replace. It only
// reads; each answer is tri-state: a file that is not there is absent, not an error.
//
//   HostTree host("/");
//   Reading<std::string> vendor = host.text("/sys/bus/pci/devices/0000:41:00.0/vendor");
//
// Guarantees: at most 1 MiB of a file is taken (more is a failed reading); lists are sorted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "duru/device/reading.h"

namespace duru {

class HostTree {
 public:
  explicit HostTree(std::string root);

  // The text of a file without blanks and line ends at its end.
  Reading<std::string> text(const std::string& path) const;
  // A whole number, decimal or with 0x.
  Reading<std::int64_t> number(const std::string& path) const;
  // What a symbolic link says, and the last part of it.
  Reading<std::string> link(const std::string& path) const;
  Reading<std::string> link_name(const std::string& path) const;
  // The names in a folder.
  Reading<std::vector<std::string>> list(const std::string& path) const;

 private:
  std::string root_;  // without a '/' at its end
};

std::vector<std::string_view> split_words(std::string_view text);
std::vector<std::string_view> split_lines(std::string_view text);
bool parse_whole(std::string_view text, std::int64_t& out);

}  // namespace duru

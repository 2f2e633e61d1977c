// For tests: a data folder in a temporary place, ways to damage what lies in it, and patience.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "duru/agent/disk.h"
#include "duru/supervisor/record_file.h"

namespace duru::agent {

class TestFolder {
 public:
  TestFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "duru-agent-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
    folder_.emplace(std::move(Folder::open(path_).value()));
  }
  ~TestFolder() { EXPECT_TRUE(remove_tree(path_).ok()); }

  const Folder& folder() const { return *folder_; }
  std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
  std::optional<Folder> folder_;
};

// While it lives no file can be written, only made and removed.
class FullDisk {
 public:
  FullDisk() {
    std::signal(SIGXFSZ, SIG_IGN);
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    const rlimit none{0, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
  }
  ~FullDisk() { EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before_), 0); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

// Looks again and again until it is true; false after 20 s.
inline bool until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

inline std::string slurp(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
}

inline void append_to(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::app) << text;
}

inline void replace_in(const std::string& path, const std::string& from, const std::string& to) {
  std::string text = slurp(path);
  const std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from << " is not in " << path;
  write_file(path, text.replace(at, from.size(), to));
}

inline std::string checksum(std::string_view text) {
  std::array<char, 9> hex{};
  std::snprintf(hex.data(), hex.size(), "%08x", supervisor::crc32(text));
  return hex.data();
}

}  // namespace duru::agent

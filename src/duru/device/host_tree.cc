#include "duru/device/host_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace duru {
namespace {

constexpr std::size_t kFileSizeMaxBytes = std::size_t{1} << 20;

// A missing file is news of its own; anything else is a failure to read.
template <class T>
Reading<T> from_errno(const std::string& path, int error_number) {
  const bool missing = error_number == ENOENT || error_number == ENOTDIR || error_number == ENODEV;
  if (missing) return {};
  return Reading<T>::make_failed(path + ": " + std::strerror(error_number));
}

std::vector<std::string_view> split_at(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(separators, at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end;
  }
  return parts;
}

}  // namespace

HostTree::HostTree(std::string root) : root_(std::move(root)) {
  while (!root_.empty() && root_.back() == '/') root_.pop_back();
}

Reading<std::string> HostTree::text(const std::string& path) const {
  const int fd = ::open((root_ + path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return from_errno<std::string>(path, errno);
  std::string out;
  std::array<char, 4096> buffer{};
  ssize_t count = 0;
  do {
    count = ::read(fd, buffer.data(), buffer.size());
    if (count > 0) out.append(buffer.data(), static_cast<std::size_t>(count));
  } while ((count > 0 && out.size() <= kFileSizeMaxBytes) || (count < 0 && errno == EINTR));
  const int error_number = count < 0 ? errno : 0;
  ::close(fd);
  if (error_number != 0) return from_errno<std::string>(path, error_number);
  if (out.size() > kFileSizeMaxBytes) {
    return Reading<std::string>::make_failed(path + ": larger than 1 MiB");
  }
  out.erase(out.find_last_not_of(" \t\r\n") + 1);
  return out;
}

Reading<std::int64_t> HostTree::number(const std::string& path) const {
  const Reading<std::string> found = text(path);
  if (!found.has_value()) return found.as<std::int64_t>();
  std::int64_t value = 0;
  if (!parse_whole(found.value(), value)) {
    return Reading<std::int64_t>::make_failed(path + ": expected a number, found \"" +
                                              found.value().substr(0, 40) + "\"");
  }
  return value;
}

Reading<std::string> HostTree::link(const std::string& path) const {
  std::array<char, 4096> buffer{};
  const ssize_t size = ::readlink((root_ + path).c_str(), buffer.data(), buffer.size());
  if (size < 0 && errno == EINVAL) {
    return Reading<std::string>::make_failed(path + ": not a symbolic link");
  }
  if (size < 0) return from_errno<std::string>(path, errno);
  return std::string(buffer.data(), static_cast<std::size_t>(size));
}

Reading<std::string> HostTree::link_name(const std::string& path) const {
  const Reading<std::string> target = link(path);
  if (!target.has_value()) return target;
  return target.value().substr(target.value().find_last_of('/') + 1);
}

Reading<std::vector<std::string>> HostTree::list(const std::string& path) const {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir((root_ + path).c_str()), ::closedir);
  if (!folder) return from_errno<std::vector<std::string>>(path, errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return from_errno<std::vector<std::string>>(path, errno);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string_view> split_words(std::string_view text) { return split_at(text, " \t\n"); }

std::vector<std::string_view> split_lines(std::string_view text) { return split_at(text, "\n"); }

bool parse_whole(std::string_view text, std::int64_t& out) {
  const bool hexadecimal = text.substr(0, 2) == "0x";
  if (hexadecimal) text.remove_prefix(2);
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value, hexadecimal ? 16 : 10);
  if (error != std::errc() || at != end) return false;
  out = value;
  return true;
}

}  // namespace duru

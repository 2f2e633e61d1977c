#include "duru/server/data_dir.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "duru/base/assert.h"

namespace duru {
namespace {

std::string random_text(std::size_t length) {
  static constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
  std::string text;
  for (std::size_t i = 0; i < length; ++i) text += kAlphabet[random_bits() & 31];
  return text;
}

Status write_and_sync(int fd, const std::string& path, const std::string& content) {
  std::size_t written = 0;
  while (written < content.size()) {
    const ssize_t n = ::write(fd, content.data() + written, content.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("cannot write " + path, errno);
    written += static_cast<std::size_t>(n);
  }
  if (::fsync(fd) != 0) return system_error("cannot sync " + path, errno);
  return ok_status();
}

Status sync_folder(const std::string& dir) {
  const int fd = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return system_error("cannot open " + dir, errno);
  const int result = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (result != 0) return system_error("cannot sync " + dir, error);
  return ok_status();
}

}  // namespace

Status make_data_dir(const std::string& dir) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(dir).parent_path(), error);
  if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) {
    return system_error("cannot make the data folder " + dir, errno);
  }
  struct stat info {};
  if (::stat(dir.c_str(), &info) != 0) return system_error("cannot look at " + dir, errno);
  if (!S_ISDIR(info.st_mode)) {
    return Error{ErrorCode::kInvalid, dir + " is not a folder", false, false};
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Error{ErrorCode::kDenied,
                 "others may write to the data folder " + dir + "; chmod 700 it", false, false};
  }
  return ok_status();
}

Status write_private_file(const std::string& dir, const std::string& name,
                          const std::string& content) {
  const std::string path = dir + "/" + name;
  const std::string temporary = path + ".new";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return system_error("cannot write " + temporary, errno);
  const Status written = write_and_sync(fd, temporary, content);
  ::close(fd);
  if (!written.ok()) return written;
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return system_error("cannot name " + path, errno);
  }
  return sync_folder(dir);
}

Result<std::optional<std::string>> read_file_of(const std::string& dir, const std::string& name) {
  const std::string path = dir + "/" + name;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return std::optional<std::string>();
  if (fd < 0) return system_error("cannot read " + path, errno);
  std::string text;
  std::array<char, 4096> piece{};
  ssize_t got = 0;
  while ((got = ::read(fd, piece.data(), piece.size())) > 0 || (got < 0 && errno == EINTR)) {
    if (got > 0) text.append(piece.data(), static_cast<std::size_t>(got));
  }
  const int error = errno;
  ::close(fd);
  if (got < 0) return system_error("cannot read " + path, error);
  return std::optional(std::move(text));
}

Result<std::string> load_or_make_token(const std::string& dir) {
  const auto found = read_file_of(dir, "token");
  if (!found.ok()) return found.error();
  const std::string text = found.value().value_or("");
  std::string token = text.substr(0, text.find('\n'));
  if (!token.empty()) return token;
  token = random_text(52);
  DURU_TRY(write_private_file(dir, "token", token + "\n"));
  return token;
}

std::uint32_t random_bits() {
  std::uint32_t bits = 0;
  while (::getrandom(&bits, sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) {
    DURU_ASSERT(errno == EINTR);
  }
  return bits;
}

std::string draw_installation() { return random_text(8); }

}  // namespace duru

#include "duru/cli/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "duru/http/owned_fd.h"

namespace duru::cli {
namespace {

Result<std::string> read_all(int fd, const std::string& what, std::size_t bytes_max) {
  std::string text;
  std::string piece(std::size_t{64} << 10, '\0');
  for (;;) {
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(what, errno);
    if (got == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
    if (text.size() > bytes_max) {
      return Error{ErrorCode::kInvalid,
                   what + " is longer than " + std::to_string(bytes_max) + " bytes", false, false};
    }
  }
}

}  // namespace

Result<std::string> read_whole_file(const std::string& path, std::size_t bytes_max) {
  const http::OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.open()) return system_error(path, errno);
  struct stat about {};
  if (::fstat(fd.get(), &about) == 0 && S_ISDIR(about.st_mode)) {
    return Error{ErrorCode::kInvalid, path + " is a folder", false, false};
  }
  return read_all(fd.get(), path, bytes_max);
}

Result<std::string> read_regular_file(const std::string& path, std::size_t bytes_max) {
  const http::OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.open()) return system_error(path, errno);
  struct stat about {};
  if (::fstat(fd.get(), &about) != 0) return system_error(path, errno);
  if (!S_ISREG(about.st_mode)) {
    const char* what = S_ISDIR(about.st_mode) ? " is a folder" : " is a pipe or a device, no file";
    return Error{ErrorCode::kInvalid, path + what, false, false};
  }
  return read_all(fd.get(), path, bytes_max);
}

Result<std::string> read_standard_input(std::size_t bytes_max) {
  return read_all(STDIN_FILENO, "standard input", bytes_max);
}

bool is_executable_file(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 && (about.st_mode & S_IXUSR) != 0;
}

}  // namespace duru::cli

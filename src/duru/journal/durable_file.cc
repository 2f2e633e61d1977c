#include "duru/journal/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

namespace duru::durable {

File& File::operator=(File&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

File::~File() {
  if (open()) ::close(descriptor_);
}

Result<File> open_file(const std::string& path, int flags, mode_t mode) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (descriptor < 0) return system_error("open " + path, errno);
  return File(descriptor);
}

Status write_at(const File& file, std::int64_t offset, std::string_view bytes,
                const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file.get(), bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error("write " + path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += written;
  }
  return ok_status();
}

Status sync_file(const File& file, const std::string& path) {
  if (::fsync(file.get()) != 0) return system_error("sync " + path, errno);
  return ok_status();
}

Status sync_folder(const std::string& path) {
  Result<File> folder = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!folder.ok()) return folder.error();
  return sync_file(folder.value(), path);
}

Result<std::string> read_file(const std::string& path, std::int64_t bytes_max) {
  Result<File> file = open_file(path, O_RDONLY);
  if (!file.ok()) return file.error();
  struct stat info {};
  if (::fstat(file.value().get(), &info) != 0) return system_error("read " + path, errno);
  if (info.st_size > bytes_max) {
    return Error{ErrorCode::kInvalid, path + " is too long to be what it is called"};
  }
  std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t length = 0;
  while (length < bytes.size()) {
    const ssize_t count = ::pread(file.value().get(), bytes.data() + length, bytes.size() - length,
                                  static_cast<off_t>(length));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("read " + path, errno);
    if (count == 0) break;
    length += static_cast<std::size_t>(count);
  }
  bytes.resize(length);
  return bytes;
}

Status make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) {
    const std::filesystem::path parent = std::filesystem::path(path).parent_path();
    return sync_folder(parent.empty() ? "." : parent.string());
  }
  if (errno != EEXIST) return system_error("make the folder " + path, errno);
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return system_error("look at " + path, errno);
  if (!S_ISDIR(info.st_mode)) return Error{ErrorCode::kConflict, path + " is not a folder"};
  return ok_status();
}

Status replace_file(const std::string& path, std::initializer_list<std::string_view> parts) {
  const std::string temporary = path + ".tmp";
  const auto write_all = [&]() -> Status {
    Result<File> file = open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (!file.ok()) return file.error();
    std::int64_t offset = 0;
    for (const std::string_view part : parts) {
      DURU_TRY(write_at(file.value(), offset, part, temporary));
      offset += static_cast<std::int64_t>(part.size());
    }
    DURU_TRY(sync_file(file.value(), temporary));
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
      return system_error("rename " + temporary, errno);
    }
    return ok_status();
  };
  if (Status written = write_all(); !written.ok()) {
    ::unlink(temporary.c_str());
    return written;
  }
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  return sync_folder(parent.empty() ? "." : parent.string());
}

}  // namespace duru::durable

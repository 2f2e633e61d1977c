#include "duru/artifact/file_calls.h"

#include <unistd.h>

#include <cerrno>
#include <vector>

namespace duru::artifact {

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Error write_error(const std::string& path, int error_number) {
  Error error = system_error("write " + path, error_number);
  if (error_number == EFBIG) {
    error.code = ErrorCode::kExhausted;
    error.retryable = true;
  }
  return error;
}

Result<Descriptor> open_descriptor(const std::string& path, int flags, mode_t mode) {
  const int number = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (number < 0) return system_error("open " + path, errno);
  return Descriptor(number);
}

Result<struct stat> stat_of(int descriptor, const std::string& path) {
  struct stat info {};
  if (::fstat(descriptor, &info) != 0) return system_error("look at " + path, errno);
  return info;
}

Status write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return write_error(path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return ok_status();
}

Status read_pieces(int descriptor, const std::string& path,
                   const std::function<Status(std::string_view)>& visitor) {
  std::vector<char> buffer(std::size_t{1} << 18);
  for (;;) {
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("read " + path, errno);
    if (count == 0) return ok_status();
    DURU_TRY(visitor(std::string_view(buffer.data(), static_cast<std::size_t>(count))));
  }
}

Status sync_descriptor(int descriptor, const std::string& path) {
  if (::fsync(descriptor) != 0) return write_error(path, errno);
  return ok_status();
}

Status sync_folder(const std::string& path) {
  Result<Descriptor> folder = open_descriptor(path, O_RDONLY | O_DIRECTORY);
  if (!folder.ok()) return folder.error();
  return sync_descriptor(folder.value().get(), path);
}

Status make_folder(const std::string& path, const std::string& parent) {
  if (::mkdir(path.c_str(), 0700) == 0) return sync_folder(parent);
  if (errno == EEXIST) return ok_status();
  return system_error("make the folder " + path, errno);
}

}  // namespace duru::artifact

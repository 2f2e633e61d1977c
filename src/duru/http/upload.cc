#include "duru/http/upload.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

namespace duru::http {

Result<Upload> Upload::create(const std::string& folder) {
  std::string path = folder + "/upload-XXXXXX";
  OwnedFd fd(::mkostemp(path.data(), O_CLOEXEC));
  if (!fd.open()) return system_error("create a file in " + folder, errno);
  return Upload(std::move(fd), std::move(path));
}

Status Upload::write(std::string_view bytes) {
  file_.add_bytes(bytes.size());
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error("write " + file_.path(), errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return ok_status();
}

UploadedFile Upload::take() {
  fd_.reset();
  return std::move(file_);
}

}  // namespace duru::http

#include "duru/http/request.h"

#include <unistd.h>

namespace duru::http {

UploadedFile::~UploadedFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

UploadedFile& UploadedFile::operator=(UploadedFile&& other) noexcept {
  if (this != &other) {
    if (!path_.empty()) ::unlink(path_.c_str());
    path_ = std::exchange(other.path_, {});
    size_bytes_ = std::exchange(other.size_bytes_, 0);
  }
  return *this;
}

const std::string& Request::parameter(std::string_view name) const {
  static const std::string kNone;
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return kNone;
}

}  // namespace duru::http

// A request body on its way into a temporary file.
//
// Until take() hands the complete file over, it is removed with this object: a broken upload leaves
// nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "duru/base/result.h"
#include "duru/http/owned_fd.h"
#include "duru/http/request.h"

namespace duru::http {

class Upload {
 public:
  static Result<Upload> create(const std::string& folder);
  Status write(std::string_view bytes);
  UploadedFile take();

 private:
  Upload(OwnedFd fd, std::string path) : fd_(std::move(fd)), file_(std::move(path), 0) {}
  OwnedFd fd_;
  UploadedFile file_;
};

}  // namespace duru::http

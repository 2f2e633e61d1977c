#include "duru/cli/artifact_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "duru/base/sha256.h"
#include "duru/http/owned_fd.h"

namespace duru::cli {
namespace {

// A file beside `path`, removed at the end unless it was given its name.
class NewFile {
 public:
  static Result<NewFile> beside(const std::string& path) {
    std::string name = path + ".part-XXXXXX";
    http::OwnedFd fd(::mkostemp(name.data(), O_CLOEXEC));
    if (!fd.open()) return system_error("cannot write beside " + path, errno);
    // As an ordinary new file has it.
    const mode_t mask = ::umask(0);
    ::umask(mask);
    ::fchmod(fd.get(), 0666 & ~mask);
    return NewFile(std::move(name), std::move(fd));
  }
  NewFile(NewFile&& other) noexcept
      : name_(std::exchange(other.name_, "")), fd_(std::move(other.fd_)) {}
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile() {
    if (!name_.empty()) ::unlink(name_.c_str());
  }

  int fd() const { return fd_.get(); }

  Result<std::string> digest() const {
    Sha256 hash;
    std::string piece(std::size_t{256} << 10, '\0');
    for (off_t at = 0;;) {
      const ssize_t got = ::pread(fd_.get(), piece.data(), piece.size(), at);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return system_error("read " + name_, errno);
      if (got == 0) return hash.finish().hex();
      hash.update({piece.data(), static_cast<std::size_t>(got)});
      at += got;
    }
  }

  Status give_name(const std::string& path, bool replace) {
    if (::fsync(fd_.get()) != 0) return system_error("write " + path, errno);
    if (replace) {
      if (::rename(name_.c_str(), path.c_str()) != 0) return system_error(path, errno);
      name_.clear();
      return ok_status();
    }
    // A link, unlike a rename, replaces nothing.
    if (::link(name_.c_str(), path.c_str()) == 0) return ok_status();
    if (errno != EEXIST) return system_error(path, errno);
    return Error{ErrorCode::kInvalid, path + " is there already; --force replaces it", false,
                 false};
  }

 private:
  NewFile(std::string name, http::OwnedFd fd) : name_(std::move(name)), fd_(std::move(fd)) {}

  std::string name_;
  http::OwnedFd fd_;
};

}  // namespace

Status fetch_artifact(ApiClient& api, const ArtifactPlace& place, const std::string& path,
                      bool replace) {
  auto file = NewFile::beside(path);
  if (!file.ok()) return file.error();
  DURU_TRY(api.download(path_of({"v1", "projects", place.project, "artifacts", place.digest}),
                        file.value().fd()));
  const auto digest = file.value().digest();
  if (!digest.ok()) return digest.error();
  if (digest.value() != place.digest) {
    return Error{ErrorCode::kDamaged,
                 path + " was not written: what came has the SHA-256 " + digest.value() + ", not " +
                     place.digest + "; try again",
                 true, false};
  }
  return file.value().give_name(path, replace);
}

}  // namespace duru::cli

#include "duru/agent/blob_store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "duru/agent/fault_point.h"
#include "duru/supervisor/record_file.h"

namespace duru::agent {
namespace {

namespace fs = std::filesystem;
using supervisor::Fd;

constexpr std::size_t kPieceBytes = 64 * 1024;

void retain_in(const Folder& folder, const std::set<std::string>& wanted) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder.path(), error)) {
    const std::string name = entry.path().filename();
    std::error_code ignored;
    if (!entry.is_directory(ignored) && !wanted.count(name)) fs::remove(entry.path(), ignored);
  }
}

}  // namespace

Result<Digest> digest_of_file(const std::string& path) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return system_error("open " + path, errno);
  Sha256 hash;
  std::string piece(kPieceBytes, '\0');
  for (;;) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read " + path, errno);
    if (got == 0) return hash.finish();
    hash.update(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
  }
}

Result<BlobStore> BlobStore::open(const Folder& data) {
  auto files = Folder::create(data.path("files"));
  if (!files.ok()) return files.error();
  auto parts = Folder::create(files.value().path("tmp"));
  if (!parts.ok()) return parts.error();
  auto aside = Folder::create(files.value().path("aside"));
  if (!aside.ok()) return aside.error();
  return BlobStore(std::move(files.value()), std::move(parts.value()), std::move(aside.value()));
}

bool BlobStore::has(const Digest& digest) const {
  return ::access(path(digest).c_str(), F_OK) == 0;
}

Bytes BlobStore::part_bytes(const Digest& digest) const {
  struct stat status {};
  const bool is_there = ::stat(part_path(digest).c_str(), &status) == 0;
  return Bytes(is_there ? status.st_size : 0);
}

Status BlobStore::put(const Digest& digest, std::string_view bytes) {
  return supervisor::write_durably(files_.fd(), digest.hex(), bytes);
}

Status BlobStore::keep(const Digest& digest) {
  const std::string part = part_path(digest);
  auto found = digest_of_file(part);
  if (!found.ok()) return found.error();
  if (found.value() != digest) {
    ::unlink(part.c_str());
    return damaged("what came as " + digest.hex() + " is another file");
  }
  ::chmod(part.c_str(), 0444);
  DURU_TRY(sync_file(part));
  fault_point("file_downloaded");
  if (::rename(part.c_str(), path(digest).c_str()) != 0) {
    return system_error("rename " + part, errno);
  }
  DURU_TRY(files_.sync());
  ::unlink(aside_.path(digest.hex()).c_str());
  fault_point("file_kept");
  return ok_status();
}

void BlobStore::discard(const Digest& digest) {
  ::unlink(path(digest).c_str());
  ::unlink(part_path(digest).c_str());
}

void BlobStore::check(const Digest& digest) {
  auto found = digest_of_file(path(digest));
  if (found.ok() && found.value() == digest) return;
  if (found.ok()) return discard(digest);
  ::rename(path(digest).c_str(), aside_.path(digest.hex()).c_str());
}

void BlobStore::take_back(const Digest& digest) {
  const std::string aside = aside_.path(digest.hex());
  auto found = digest_of_file(aside);
  if (!found.ok()) return;
  if (found.value() == digest) {
    ::rename(aside.c_str(), path(digest).c_str());
  } else {
    ::unlink(aside.c_str());
  }
}

Result<Manifest> BlobStore::manifest(const ReleaseRef& release,
                                     const std::string& release_key) const {
  auto bytes = supervisor::read_whole(files_.fd(), release.digest.hex());
  if (!bytes.ok()) {
    if (bytes.error().code == ErrorCode::kNotFound) return bytes.error();
    // Whatever the disk says, it says nothing of the release.
    return Error{ErrorCode::kUnavailable, bytes.error().message, true, false};
  }
  auto manifest = verified_manifest(bytes.value(), release, release_key);
  if (!manifest.ok() && manifest.error().code == ErrorCode::kDamaged) {
    ::unlink(path(release.digest).c_str());
  }
  return manifest;
}

bool BlobStore::has_files(const Manifest& manifest) const {
  for (const JobFile& file : manifest.files) {
    if (!has(file.digest)) return false;
  }
  return true;
}

void BlobStore::retain(const std::set<Digest>& wanted) {
  std::set<std::string> names;
  for (const Digest& digest : wanted) names.insert(digest.hex());
  retain_in(files_, names);
  retain_in(parts_, names);
  retain_in(aside_, names);
}

}  // namespace duru::agent

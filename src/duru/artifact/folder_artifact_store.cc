#include "duru/artifact/folder_artifact_store.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "duru/artifact/file_calls.h"

namespace duru {

using artifact::Descriptor;

namespace {

constexpr mode_t kReadOnly = 0444;

Error not_found(const Digest& digest) {
  return Error{ErrorCode::kNotFound, "no artifact has the digest " + digest.hex()};
}

Error changed(const std::string& path) {
  return Error{ErrorCode::kConflict, path + " changed while it was being stored"};
}

// Whether nobody wrote to the file since `before`.
Status check_unchanged(int descriptor, const struct stat& before, const std::string& path) {
  Result<struct stat> now = artifact::stat_of(descriptor, path);
  if (!now.ok()) return now.error();
  const struct stat& after = now.value();
  const bool same = before.st_size == after.st_size &&
                    before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
                    before.st_mtim.tv_nsec == after.st_mtim.tv_nsec;
  return same ? ok_status() : Status(changed(path));
}

Result<Artifact> hash_all(int descriptor, const std::string& path) {
  Sha256 hash;
  Bytes size;
  DURU_TRY(artifact::read_pieces(descriptor, path, [&](std::string_view bytes) {
    hash.update(bytes);
    size += Bytes(static_cast<std::int64_t>(bytes.size()));
    return ok_status();
  }));
  return Artifact{hash.finish(), size};
}

}  // namespace

class FolderArtifactWriter : public ArtifactWriter {
 public:
  FolderArtifactWriter(FolderArtifactStore& store, std::string temporary, Descriptor file)
      : store_(store), temporary_(std::move(temporary)), file_(std::move(file)) {}
  ~FolderArtifactWriter() override {
    if (!kept_) ::unlink(temporary_.c_str());
  }

  Status write(std::string_view bytes) override {
    DURU_TRY(artifact::write_all(file_.get(), bytes, temporary_));
    hash_.update(bytes);
    size_ += Bytes(static_cast<std::int64_t>(bytes.size()));
    return ok_status();
  }

  Result<Artifact> finish() override {
    if (::fchmod(file_.get(), kReadOnly) != 0) return system_error("protect " + temporary_, errno);
    DURU_TRY(artifact::sync_descriptor(file_.get(), temporary_));
    const Artifact artifact{hash_.finish(), size_};
    DURU_TRY(store_.keep(temporary_, artifact));
    kept_ = true;
    return artifact;
  }

 private:
  FolderArtifactStore& store_;
  const std::string temporary_;
  const Descriptor file_;
  Sha256 hash_;
  Bytes size_;
  bool kept_ = false;
};

Result<std::unique_ptr<FolderArtifactStore>> FolderArtifactStore::open(const std::string& dir) {
  const std::string root = dir + "/artifacts";
  const std::string temporaries = root + "/tmp";
  DURU_TRY(artifact::make_folder(root, dir));
  DURU_TRY(artifact::make_folder(temporaries, root));
  std::error_code failure;
  std::filesystem::directory_iterator left(temporaries, failure);
  for (; !failure && left != std::filesystem::directory_iterator(); left.increment(failure)) {
    if (::unlink(left->path().c_str()) != 0) {
      return system_error("remove " + left->path().string(), errno);
    }
  }
  if (failure) return system_error("list " + temporaries, failure.value());
  return std::unique_ptr<FolderArtifactStore>(new FolderArtifactStore(root));
}

std::string FolderArtifactStore::new_temporary() {
  return fmt::format("{}/tmp/{}-{}", root_, ::getpid(), next_temporary_++);
}

std::string FolderArtifactStore::place_of(const Digest& digest) const {
  const std::string hex = digest.hex();
  return fmt::format("{}/{}/{}", root_, hex.substr(0, 2), hex);
}

Result<std::unique_ptr<ArtifactWriter>> FolderArtifactStore::begin() {
  std::string temporary = new_temporary();
  Result<Descriptor> file = artifact::open_descriptor(temporary, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!file.ok()) return file.error();
  return std::unique_ptr<ArtifactWriter>(
      std::make_unique<FolderArtifactWriter>(*this, std::move(temporary), std::move(file.value())));
}

Result<Artifact> FolderArtifactStore::put_bytes(std::string_view bytes) {
  Result<std::unique_ptr<ArtifactWriter>> writer = begin();
  if (!writer.ok()) return writer.error();
  DURU_TRY(writer.value()->write(bytes));
  return writer.value()->finish();
}

Result<Artifact> FolderArtifactStore::put_stream(int descriptor, Bytes size_max) {
  Result<std::unique_ptr<ArtifactWriter>> writer = begin();
  if (!writer.ok()) return writer.error();
  Bytes size;
  DURU_TRY(artifact::read_pieces(descriptor, "the stream", [&](std::string_view bytes) -> Status {
    size += Bytes(static_cast<std::int64_t>(bytes.size()));
    if (size > size_max) {
      return Error{ErrorCode::kExhausted,
                   fmt::format("the artifact is over the limit of {} bytes", size_max.value)};
    }
    return writer.value()->write(bytes);
  }));
  return writer.value()->finish();
}

Result<Artifact> FolderArtifactStore::put_file(const std::string& path, PutMode mode) {
  // Not blocking: a pipe in the place of an output must not hold us up.
  const int number = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (number < 0 && errno == ELOOP) {
    return Error{ErrorCode::kInvalid, path + " is a symbolic link, not a file"};
  }
  if (number < 0) return system_error("open " + path, errno);
  const Descriptor source(number);
  Result<struct stat> before = artifact::stat_of(number, path);
  if (!before.ok()) return before.error();
  if (!S_ISREG(before.value().st_mode)) {
    return Error{ErrorCode::kInvalid, path + " is not a regular file"};
  }
  // A file of somebody else stays writable to its owner: only a copy is safe.
  if (mode == PutMode::kLink && before.value().st_uid == ::geteuid()) {
    const std::string temporary = new_temporary();
    if (::link(path.c_str(), temporary.c_str()) == 0) {
      Result<Artifact> linked = put_link(number, before.value(), path, temporary);
      if (!linked.ok()) ::unlink(temporary.c_str());
      return linked;
    }
  }
  return put_copy(number, before.value(), path);
}

Result<Artifact> FolderArtifactStore::put_copy(int descriptor, const struct stat& before,
                                               const std::string& path) {
  Result<std::unique_ptr<ArtifactWriter>> writer = begin();
  if (!writer.ok()) return writer.error();
  DURU_TRY(artifact::read_pieces(
      descriptor, path, [&](std::string_view bytes) { return writer.value()->write(bytes); }));
  DURU_TRY(check_unchanged(descriptor, before, path));
  return writer.value()->finish();
}

Result<Artifact> FolderArtifactStore::put_link(int descriptor, const struct stat& before,
                                               const std::string& path,
                                               const std::string& temporary) {
  // The name may have been given to another file since it was opened.
  struct stat linked {};
  if (::lstat(temporary.c_str(), &linked) != 0) return system_error("look at " + temporary, errno);
  if (linked.st_ino != before.st_ino || linked.st_dev != before.st_dev) return changed(path);
  if (::fchmod(descriptor, kReadOnly) != 0) return system_error("protect " + path, errno);
  Result<Artifact> artifact = hash_all(descriptor, path);
  if (!artifact.ok()) return artifact.error();
  DURU_TRY(artifact::sync_descriptor(descriptor, path));
  DURU_TRY(check_unchanged(descriptor, before, path));
  DURU_TRY(keep(temporary, artifact.value()));
  return artifact;
}

Status FolderArtifactStore::keep(const std::string& temporary, const Artifact& artifact) {
  const std::string place = place_of(artifact.digest);
  const std::string folder = std::filesystem::path(place).parent_path().string();
  DURU_TRY(artifact::make_folder(folder, root_));
  {
    const std::lock_guard lock(mutex_);
    struct stat there {};
    const bool known = ::lstat(place.c_str(), &there) == 0 && S_ISREG(there.st_mode) &&
                       there.st_size == artifact.size.value;
    // Its age is what a sweep goes by: also known content was put just now.
    const std::string& kept = known ? place : temporary;
    if (::utimensat(AT_FDCWD, kept.c_str(), nullptr, 0) != 0) {
      return system_error("touch " + kept, errno);
    }
    if (known ? ::unlink(temporary.c_str()) != 0
              : ::rename(temporary.c_str(), place.c_str()) != 0) {
      return system_error("rename " + temporary, errno);
    }
  }
  // Also for known content: whoever put it first may not have come this far.
  return artifact::sync_folder(folder);
}

bool FolderArtifactStore::exists(const Digest& digest) const { return size(digest).ok(); }

Result<Bytes> FolderArtifactStore::size(const Digest& digest) const {
  const std::string place = place_of(digest);
  struct stat info {};
  if (::lstat(place.c_str(), &info) == 0) return Bytes(info.st_size);
  return errno == ENOENT ? not_found(digest) : system_error("look at " + place, errno);
}

Result<std::string> FolderArtifactStore::path(const Digest& digest) const {
  Result<Bytes> found = size(digest);
  if (!found.ok()) return found.error();
  return place_of(digest);
}

Result<int> FolderArtifactStore::open(const Digest& digest) const {
  Result<Descriptor> file = artifact::open_descriptor(place_of(digest), O_RDONLY | O_NOFOLLOW);
  if (file.ok()) return file.value().release();
  return file.error().code == ErrorCode::kNotFound ? not_found(digest) : file.error();
}

Status FolderArtifactStore::verify(const Digest& digest) const {
  Result<int> number = open(digest);
  if (!number.ok()) return number.error();
  const Descriptor file(number.value());
  Result<Artifact> found = hash_all(file.get(), place_of(digest));
  if (!found.ok()) return found.error();
  if (found.value().digest == digest) return ok_status();
  return Error{
      ErrorCode::kDamaged,
      fmt::format("{} is damaged: its bytes have the digest {}; remove it and make it again",
                  place_of(digest), found.value().digest.hex())};
}

Result<std::vector<Artifact>> FolderArtifactStore::list() const {
  std::vector<Artifact> artifacts;
  std::error_code failure;
  std::filesystem::recursive_directory_iterator entry(root_, failure);
  for (; !failure && entry != std::filesystem::recursive_directory_iterator();
       entry.increment(failure)) {
    Artifact artifact;
    if (!artifact.digest.parse(entry->path().filename().string())) continue;
    Result<Bytes> found = size(artifact.digest);
    if (!found.ok()) continue;  // removed meanwhile
    artifact.size = found.value();
    artifacts.push_back(artifact);
  }
  if (failure) return system_error("list " + root_, failure.value());
  std::sort(artifacts.begin(), artifacts.end(),
            [](const Artifact& a, const Artifact& b) { return a.digest < b.digest; });
  return artifacts;
}

Status FolderArtifactStore::remove(const Digest& digest) {
  const std::string place = place_of(digest);
  if (::unlink(place.c_str()) == 0) return ok_status();
  return errno == ENOENT ? not_found(digest) : system_error("remove " + place, errno);
}

Result<Bytes> FolderArtifactStore::touch(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  const std::string place = place_of(digest);
  if (::utimensat(AT_FDCWD, place.c_str(), nullptr, AT_SYMLINK_NOFOLLOW) != 0) {
    return system_error("artifact " + digest.hex(), errno);
  }
  return size(digest);
}

Result<std::vector<Artifact>> FolderArtifactStore::sweep(
    const std::function<bool(const Digest&)>& keep, Timestamp put_before) {
  Result<std::vector<Artifact>> all = list();
  if (!all.ok()) return all.error();
  std::vector<Artifact> swept;
  for (const Artifact& artifact : all.value()) {
    if (keep(artifact.digest)) continue;
    // Looked at under the lock: a put may have found it since it was listed.
    const std::lock_guard lock(mutex_);
    struct stat info {};
    if (::lstat(place_of(artifact.digest).c_str(), &info) != 0) continue;
    const std::int64_t put_ms = info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1'000'000;
    if (put_ms >= put_before.value) continue;
    DURU_TRY(remove(artifact.digest));
    swept.push_back(artifact);
  }
  return swept;
}

}  // namespace duru

#include "duru/agent/slots.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>

#include "duru/supervisor/record_file.h"

namespace duru::agent {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFolderMode = 0555;
constexpr mode_t kProgramMode = 0555;
constexpr mode_t kFileMode = 0444;
constexpr std::int64_t kBlockBytes = 4096;

std::string manifest_name(SlotName slot) {
  return slot == SlotName::kB ? "b.manifest" : "a.manifest";
}

Status place(const JobFile& file, const std::string& from, const std::string& to) {
  std::error_code error;
  fs::create_directories(fs::path(to).parent_path(), error);
  if (error) return system_error("make the folder of " + to, error.value());
  fs::copy_file(from, to, error);
  if (error) return system_error("copy to " + to, error.value());
  const mode_t mode = file.executable ? kProgramMode : kFileMode;
  if (::chmod(to.c_str(), mode) != 0) return system_error("set the mode of " + to, errno);
  return sync_file(to);
}

std::int64_t bytes_on_disk(const std::string& root) {
  std::int64_t blocks = 0;
  std::error_code error;
  fs::recursive_directory_iterator entry(root, error), end;
  for (; !error && entry != end; entry.increment(error)) {
    struct stat status {};
    // What is linked elsewhere too is not free when it goes here.
    const bool counts = ::lstat(entry->path().c_str(), &status) == 0 && status.st_nlink == 1;
    if (counts) blocks += status.st_blocks;
  }
  return blocks * 512;
}

// Closes every folder against writing, and makes it durable, from the leaves up.
Status seal(const std::string& root) {
  std::vector<std::string> folders = {root};
  std::error_code error;
  fs::recursive_directory_iterator entry(root, error), end;
  while (!error && entry != end) {
    if (entry->is_directory(error)) folders.push_back(entry->path());
    entry.increment(error);
  }
  if (error) return system_error("read " + root, error.value());
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
    DURU_TRY(sync_file(*folder));
    if (::chmod(folder->c_str(), kFolderMode) != 0) {
      return system_error("set the mode of " + *folder, errno);
    }
  }
  return ok_status();
}

}  // namespace

Result<Slots> Slots::open(const Folder& data) {
  auto folder = Folder::create(data.path("slots"));
  if (!folder.ok()) return folder.error();
  return Slots(std::move(folder.value()));
}

Status Slots::check_room(SlotName slot, const Manifest& manifest) const {
  std::int64_t needed = kBlockBytes;  // the manifest's copy
  for (const JobFile& file : manifest.files) {
    needed += (file.size.value / kBlockBytes + 1) * kBlockBytes;
  }
  return agent::check_room(slots_.path(), Bytes(needed - bytes_on_disk(path(slot))));
}

Status Slots::clear(SlotName slot) const { return remove_tree(path(slot)); }

Status Slots::fill(SlotName slot, const ReleaseRef& release, const Manifest& manifest,
                   const BlobStore& blobs) const {
  DURU_TRY(clear(slot));
  Status unpacked = unpack(slot, release, manifest, blobs);
  // What is left of it would keep the disk full.
  if (!unpacked.ok()) (void)clear(slot).ok();
  return unpacked;
}

Status Slots::unpack(SlotName slot, const ReleaseRef& release, const Manifest& manifest,
                     const BlobStore& blobs) const {
  auto bytes = supervisor::read_whole(AT_FDCWD, blobs.path(release.digest));
  if (!bytes.ok()) return bytes.error();
  DURU_TRY(supervisor::write_durably(slots_.fd(), manifest_name(slot), bytes.value()));
  auto folder = Folder::create(path(slot));
  if (!folder.ok()) return folder.error();
  for (const JobFile& file : manifest.files) {
    DURU_TRY(place(file, blobs.path(file.digest), folder.value().path(file.path)));
  }
  return seal(path(slot));
}

Result<Manifest> Slots::manifest(SlotName slot, const ReleaseRef& release,
                                 const std::string& release_key) const {
  auto bytes = supervisor::read_whole(slots_.fd(), manifest_name(slot));
  if (!bytes.ok()) return bytes.error();
  return verified_manifest(bytes.value(), release, release_key);
}

std::vector<Digest> Slots::damaged_files(SlotName slot, const Manifest& manifest) const {
  std::vector<Digest> damaged;
  for (const JobFile& file : manifest.files) {
    auto found = digest_of_file(path(slot) + "/" + file.path);
    if (!found.ok() || found.value() != file.digest) damaged.push_back(file.digest);
  }
  return damaged;
}

Status Slots::restore(SlotName slot, const Manifest& manifest, const BlobStore& blobs) const {
  const std::vector<Digest> damaged = damaged_files(slot, manifest);
  for (const JobFile& file : manifest.files) {
    if (std::find(damaged.begin(), damaged.end(), file.digest) == damaged.end()) continue;
    const std::string to = path(slot) + "/" + file.path;
    ::chmod(fs::path(to).parent_path().c_str(), 0700);
    if (::unlink(to.c_str()) != 0) DURU_TRY(remove_tree(to));
    DURU_TRY(place(file, blobs.path(file.digest), to));
  }
  return seal(path(slot));
}

Result<int> Slots::remove_strangers(SlotName slot, const Manifest& manifest) const {
  const fs::path root = path(slot);
  std::set<fs::path> files, folders;
  for (const JobFile& file : manifest.files) {
    fs::path named = root / file.path;
    files.insert(named);
    while ((named = named.parent_path()) != root) folders.insert(named);
  }
  std::vector<fs::path> strangers;
  std::error_code error;
  fs::recursive_directory_iterator entry(root, error), end;
  for (; !error && entry != end; entry.increment(error)) {
    const fs::file_status status = entry->symlink_status(error);
    const bool is_folder = fs::is_directory(status);
    const auto& known = is_folder ? folders : files;
    if ((is_folder || fs::is_regular_file(status)) && known.count(entry->path())) continue;
    strangers.push_back(entry->path());
    if (is_folder) entry.disable_recursion_pending();
  }
  if (error) return system_error("read " + root.string(), error.value());
  for (const fs::path& stranger : strangers) {
    const std::string parent = stranger.parent_path();
    ::chmod(parent.c_str(), 0700);
    Status removed = ok_status();
    if (::unlink(stranger.c_str()) != 0) removed = remove_tree(stranger);
    ::chmod(parent.c_str(), kFolderMode);
    if (!removed.ok()) return removed.error();
  }
  return static_cast<int>(strangers.size());
}

}  // namespace duru::agent

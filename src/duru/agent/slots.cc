#include "duru/agent/slots.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "duru/supervisor/record_file.h"

namespace duru::agent {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFolderMode = 0555;
constexpr mode_t kProgramMode = 0555;

std::string manifest_name(SlotName slot) {
  return slot == SlotName::kB ? "b.manifest" : "a.manifest";
}

Status copy_program(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::copy_file(from, to, error);
  if (error) return system_error("copy to " + to, error.value());
  if (::chmod(to.c_str(), kProgramMode) != 0) return system_error("set the mode of " + to, errno);
  return sync_file(to);
}

Status place(const JobFile& file, const std::string& from, const std::string& to) {
  std::error_code error;
  fs::create_directories(fs::path(to).parent_path(), error);
  if (error) return system_error("make the folder of " + to, error.value());
  if (file.executable) return copy_program(from, to);
  if (::link(from.c_str(), to.c_str()) != 0) return system_error("link " + to, errno);
  return ok_status();
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

Status Slots::fill(SlotName slot, const ReleaseRef& release, const Manifest& manifest,
                   const BlobStore& blobs) const {
  DURU_TRY(remove_tree(path(slot)));
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

}  // namespace duru::agent

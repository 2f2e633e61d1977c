#include "duru/agent/disk.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <vector>

#include "duru/supervisor/record_file.h"

namespace duru::agent {
namespace {

namespace fs = std::filesystem;
using supervisor::Fd;

constexpr std::string_view kDigestWord = "sha256 ";
constexpr int kLockTurnMs = 20;
constexpr std::int64_t kReserveBytes = 4 << 20;

}  // namespace

Error damaged(const std::string& what) { return Error{ErrorCode::kDamaged, what, false, false}; }

Result<Folder> Folder::open(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return system_error("open " + path, errno);
  return Folder(path, std::move(fd));
}

Result<Folder> Folder::create(const std::string& path) {
  const bool made = ::mkdir(path.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return system_error("make the folder " + path, errno);
  auto folder = open(path);
  if (!folder.ok() || !made) return folder;
  Fd parent(::openat(folder.value().fd(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent.valid() || ::fsync(parent.get()) != 0) {
    return system_error("fsync the folder above " + path, errno);
  }
  return folder;
}

Status Folder::sync() const {
  if (::fsync(fd()) != 0) return system_error("fsync " + path_, errno);
  return ok_status();
}

Result<Fd> Folder::lock(Milliseconds patience) const {
  Fd lock(::openat(fd(), "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.valid()) return system_error("open " + path("lock"), errno);
  for (std::int64_t waited_ms = 0;; waited_ms += kLockTurnMs) {
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK) return system_error("lock " + path("lock"), errno);
    if (waited_ms >= patience.value) break;
    (void)::poll(nullptr, 0, kLockTurnMs);
  }
  return Error{ErrorCode::kConflict, "another duru-agent runs on " + path_, false, false};
}

Status save_text(const Folder& folder, const std::string& name, std::string_view json) {
  std::string text(json);
  text += "\n" + std::string(kDigestWord) + sha256(json).hex() + "\n";
  return supervisor::write_durably(folder.fd(), name, text);
}

Result<std::string> load_text(const Folder& folder, const std::string& name) {
  auto text = supervisor::read_whole(folder.fd(), name);
  if (!text.ok()) return text.error();
  const std::string& whole = text.value();
  const std::size_t end = whole.find('\n');
  if (end == std::string::npos) return damaged(folder.path(name) + ": cut short");
  const std::string json = whole.substr(0, end);
  if (whole.substr(end + 1) != std::string(kDigestWord) + sha256(json).hex() + "\n") {
    return damaged(folder.path(name) + ": its digest does not match");
  }
  return json;
}

Status check_room(const std::string& path, Bytes needed) {
  struct statvfs disk {};
  if (::statvfs(path.c_str(), &disk) != 0) return system_error("statvfs " + path, errno);
  const auto free_bytes = static_cast<std::int64_t>(disk.f_bavail * disk.f_frsize);
  if (needed.value <= 0 || needed.value <= free_bytes - kReserveBytes) return ok_status();
  return Error{ErrorCode::kExhausted,
               std::to_string(needed.value) + " bytes are needed, " + std::to_string(free_bytes) +
                   " are free and " + std::to_string(kReserveBytes) + " of them are kept",
               true, false};
}

void remove_drafts(const Folder& folder) {
  std::vector<fs::path> drafts;
  std::error_code error;
  fs::directory_iterator entry(folder.path(), error), end;
  for (; !error && entry != end; entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path.filename().string().front() == '.' && path.extension() == ".tmp") {
      drafts.push_back(path);
    }
  }
  for (const fs::path& draft : drafts) ::unlink(draft.c_str());
}

Status remove_tree(const std::string& path) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(path, error))) return ok_status();
  fs::permissions(path, fs::perms::owner_all, fs::perm_options::add, error);
  fs::recursive_directory_iterator entry(path, error), end;
  while (!error && entry != end) {
    if (entry->is_directory(error) && !entry->is_symlink(error)) {
      fs::permissions(entry->path(), fs::perms::owner_all, fs::perm_options::add, error);
    }
    entry.increment(error);
  }
  if (!error) fs::remove_all(path, error);
  if (error) return system_error("remove " + path, error.value());
  return ok_status();
}

Status sync_file(const std::string& path) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid() || ::fsync(file.get()) != 0) return system_error("fsync " + path, errno);
  return ok_status();
}

}  // namespace duru::agent

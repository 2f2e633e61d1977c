#include "duru/journal/sqlite/data_folder.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace duru {

std::string journal_database_path(const std::string& dir) { return dir + "/journal.db"; }
std::string journal_head_path(const std::string& dir) { return dir + "/head"; }

const char* network_file_system_name(long magic) {
  switch (magic) {
    case 0x6969:
      return "NFS";
    case 0x517B:
      return "SMB";
    case 0xFF534D42:
      return "CIFS";
    case 0xFE534D42:
      return "SMB2";
    default:
      return nullptr;
  }
}

Status refuse_network_file_system(const std::string& dir) {
  struct statfs info {};
  if (::statfs(dir.c_str(), &info) != 0) return system_error("look at " + dir, errno);
  const char* name = network_file_system_name(static_cast<long>(info.f_type));
  if (name == nullptr) return ok_status();
  return Error{ErrorCode::kUnsupported,
               fmt::format("{} lies on a network file system ({}), where locks and syncs cannot be "
                           "relied upon: choose a data folder on a local disk",
                           dir, name)};
}

// A server that was killed holds its lock until the last of its threads is gone, which a write to
// the disk can hold up.
static constexpr std::chrono::seconds kDyingMax{3};

static bool lock_within(int descriptor, std::chrono::milliseconds at_most) {
  const auto until = std::chrono::steady_clock::now() + at_most;
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

Result<FolderLock> FolderLock::take(const std::string& dir) {
  const std::string path = dir + "/lock";
  Result<durable::File> file = durable::open_file(path, O_RDWR | O_CREAT, 0600);
  if (!file.ok()) return file.error();
  const int descriptor = file.value().get();
  if (!lock_within(descriptor, kDyingMax)) {
    if (errno != EWOULDBLOCK) return system_error("lock " + path, errno);
    Result<std::string> holder = durable::read_file(path, 64);
    const bool known = holder.ok() && !holder.value().empty();
    return Error{ErrorCode::kConflict,
                 fmt::format("another server ({}) runs on {}: stop it first, or choose another "
                             "data folder",
                             known ? "process " + holder.value() : "process unknown", dir)};
  }
  // Only for the message above; the lock is what counts.
  if (::ftruncate(descriptor, 0) != 0) return system_error("write " + path, errno);
  DURU_TRY(durable::write_at(file.value(), 0, std::to_string(::getpid()), path));
  return FolderLock(std::move(file.value()));
}

}  // namespace duru

// The few file calls that durability hangs on, as Results: write all, sync, replace, and sync the
// folder that names the file. A name is durable only once its folder is synced.
//
//   Result<durable::File> file = durable::open_file(path, O_RDWR | O_CREAT, 0600);
//   if (!file.ok()) return file.error();
//   DURU_TRY(durable::write_at(file.value(), 0, bytes, path));
//   DURU_TRY(durable::sync_file(file.value(), path));
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "duru/base/result.h"

namespace duru::durable {

// Owns a file descriptor.
class File {
 public:
  File() = default;
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept;
  ~File();

  int get() const { return descriptor_; }
  bool open() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

// Always with O_CLOEXEC: a child that outlives the server must not keep its lock.
Result<File> open_file(const std::string& path, int flags, mode_t mode = 0);
Status write_at(const File& file, std::int64_t offset, std::string_view bytes,
                const std::string& path);
Status sync_file(const File& file, const std::string& path);
Status sync_folder(const std::string& path);
// The whole file, kNotFound if there is none, kInvalid if it is longer than `bytes_max`.
Result<std::string> read_file(const std::string& path, std::int64_t bytes_max);
// Makes the folder (0700) and makes its name durable; one that is there is fine.
Status make_folder(const std::string& path);
// Writes `parts`, one after the other, to a file of another name, syncs it, gives it its name and
// syncs the folder: after a crash either the old file or the whole new one is there.
Status replace_file(const std::string& path, std::initializer_list<std::string_view> parts);

}  // namespace duru::durable

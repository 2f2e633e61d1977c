// The file calls of the artifact store, as Results. Private to this folder.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "duru/base/result.h"

namespace duru::artifact {

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor();

  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// A failed write: a file that may not grow any more (a limit of the process) is a full disk.
Error write_error(const std::string& path, int error_number);

Result<Descriptor> open_descriptor(const std::string& path, int flags, mode_t mode = 0);
Result<struct stat> stat_of(int descriptor, const std::string& path);
Status write_all(int descriptor, std::string_view bytes, const std::string& path);
// Gives the visitor all that can be read from where the descriptor stands.
Status read_pieces(int descriptor, const std::string& path,
                   const std::function<Status(std::string_view)>& visitor);
Status sync_descriptor(int descriptor, const std::string& path);
Status sync_folder(const std::string& path);
// Makes the folder (0700) if it is not there, and makes its name in `parent` durable.
Status make_folder(const std::string& path, const std::string& parent);

}  // namespace duru::artifact

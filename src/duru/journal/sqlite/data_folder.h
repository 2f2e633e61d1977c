// The folder that a journal lives in: the names in it, who may write there, and where it must not
// lie.
//
//   DURU_TRY(refuse_network_file_system(dir));
//   Result<FolderLock> lock = FolderLock::take(dir);   // held until it goes out of scope
#pragma once

#include <string>

#include "duru/base/result.h"
#include "duru/journal/durable_file.h"

namespace duru {

std::string journal_database_path(const std::string& dir);
std::string journal_head_path(const std::string& dir);

// The name of a network file system by the magic number of statfs(2), or nothing. On those,
// neither locks nor syncs can be relied upon.
const char* network_file_system_name(long magic);
// kUnsupported if the folder lies on one.
Status refuse_network_file_system(const std::string& dir);

// DIR/lock, held by flock(2): one writer a folder. The kernel lets it go when the process ends,
// however it ends.
class FolderLock {
 public:
  // kConflict, naming the process that holds it.
  static Result<FolderLock> take(const std::string& dir);

 private:
  explicit FolderLock(durable::File file) : file_(std::move(file)) {}

  durable::File file_;
};

}  // namespace duru

// The agent's data folder, and how it writes: nothing is believed after a power cut that was not
// written whole (temporary file, fsync, rename, fsync of the folder) and that its digest does not
// confirm. What is damaged is named and then treated as absent.
//
//   identity, identity.copy   who we are for the server, twice: Identity (records.h); 0600 like
//              everything here
//   desired    what the server last said that we should run, and how often to ask: Desired
//   state      how far we are with it: NodeState
//   counters   CounterRecord, at most every 10 s
//   lock       held (flock) by the agent that runs on this folder
//   files/     manifests and files of releases by their SHA-256; files/tmp/ what is on its way,
//              files/aside/ what could not be read
//   slots/a/, slots/b/   the unpacked releases, read-only; slots/a.manifest and so on beside them
//   work/      DURU_WORK: the workload's own, over restarts and releases
//   runs/      a run folder for each run of the workload (supervisor/), with what it wrote for us
//   events/    events that wait for the server (spool.h)
//
// A record is one line of JSON and one line `sha256 HEX` over it:
//
//   DURU_TRY(save(data, "state", state));
//   auto state = load<NodeState>(data, "state");   // kNotFound; kDamaged says what is wrong
#pragma once

#include <string>
#include <string_view>

#include "duru/base/json.h"
#include "duru/base/result.h"
#include "duru/base/units.h"
#include "duru/supervisor/fd.h"

namespace duru::agent {

class Folder {
 public:
  // Makes the folder (0700) durably where it is not there. The folder above must be.
  static Result<Folder> create(const std::string& path);
  static Result<Folder> open(const std::string& path);

  const std::string& path() const { return path_; }
  std::string path(const std::string& name) const { return path_ + "/" + name; }
  int fd() const { return fd_.get(); }
  Status sync() const;
  // kConflict when another process still holds it after `patience`. Held as long as the descriptor
  // lives.
  Result<supervisor::Fd> lock(Milliseconds patience) const;

 private:
  Folder(std::string path, supervisor::Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  std::string path_;
  supervisor::Fd fd_;
};

Status save_text(const Folder& folder, const std::string& name, std::string_view json);
Result<std::string> load_text(const Folder& folder, const std::string& name);
Error damaged(const std::string& what);

template <class T>
Status save(const Folder& folder, const std::string& name, const T& record) {
  return save_text(folder, name, to_json(record, JsonForm::kSparse));
}

template <class T>
Result<T> load(const Folder& folder, const std::string& name) {
  auto text = load_text(folder, name);
  if (!text.ok()) return text.error();
  auto read = from_json<T>(text.value());
  if (read.ok()) return read.value;
  return damaged(folder.path(name) + ": " + read.problems[0].pointer + " " +
                 read.problems[0].detail);
}

// kExhausted where `needed` more bytes would leave too little for what must always be written:
// state, events, the workload's own.
Status check_room(const std::string& path, Bytes needed);

// What a power cut left of records on their way (write_durably()). Only for who holds the lock.
void remove_drafts(const Folder& folder);

// Makes everything below writable again first: slots are not.
Status remove_tree(const std::string& path);
Status sync_file(const std::string& path);

}  // namespace duru::agent

// The two unpacked releases: slots/a and slots/b. A slot's folder is what the workload runs in; it
// is read-only, and made of links to files/ (copies where a file is a program, for a link has one
// mode only). Beside it, slots/a.manifest: its manifest once more, so that damage of one file is
// not the end of what runs.
//
// Whether a slot holds what it should is said by the state on disk (records.h): fill() may be
// interrupted anywhere and begun again.
#pragma once

#include <vector>

#include "duru/agent/blob_store.h"
#include "duru/agent/records.h"

namespace duru::agent {

class Slots {
 public:
  static Result<Slots> open(const Folder& data);

  std::string path(SlotName slot) const { return slots_.path(slot == SlotName::kB ? "b" : "a"); }

  // Clears the slot and unpacks the release; durable when it returns. kExhausted: disk full.
  Status fill(SlotName slot, const ReleaseRef& release, const Manifest& manifest,
              const BlobStore& blobs) const;
  // Of the release that was unpacked there last. Errors as verified_manifest()'s and the disk's.
  Result<Manifest> manifest(SlotName slot, const ReleaseRef& release,
                            const std::string& release_key) const;
  // The digests of those files that are missing there, cannot be read or are others.
  std::vector<Digest> damaged_files(SlotName slot, const Manifest& manifest) const;

 private:
  explicit Slots(Folder slots) : slots_(std::move(slots)) {}
  Folder slots_;
};

}  // namespace duru::agent

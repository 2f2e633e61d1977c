// The two unpacked releases: slots/a and slots/b. A slot's folder is what the workload runs in; it
// is read-only, and holds copies of what is in files/: a workload that changes its own file for all
// that changes no other release's. Beside it, slots/a.manifest: its manifest once more, so that
// damage of one file is not the end of what runs.
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

  // kExhausted where the release, in place of what is in the slot, leaves too little room.
  Status check_room(SlotName slot, const Manifest& manifest) const;
  Status clear(SlotName slot) const;
  // Clears the slot and unpacks the release; durable when it returns, and the slot is empty where
  // it fails. kExhausted: disk full.
  Status fill(SlotName slot, const ReleaseRef& release, const Manifest& manifest,
              const BlobStore& blobs) const;
  // Of the release that was unpacked there last. Errors as verified_manifest()'s and the disk's.
  Result<Manifest> manifest(SlotName slot, const ReleaseRef& release,
                            const std::string& release_key) const;
  // The digests of those files that are missing there, cannot be read or are others.
  std::vector<Digest> damaged_files(SlotName slot, const Manifest& manifest) const;
  // Puts those files there anew, from files/. Errors as fill()'s.
  Status restore(SlotName slot, const Manifest& manifest, const BlobStore& blobs) const;
  // Removes what the manifest does not name, and says how much that was.
  Result<int> remove_strangers(SlotName slot, const Manifest& manifest) const;

 private:
  Status unpack(SlotName slot, const ReleaseRef& release, const Manifest& manifest,
                const BlobStore& blobs) const;
  explicit Slots(Folder slots) : slots_(std::move(slots)) {}
  Folder slots_;
};

}  // namespace duru::agent

// The files and manifests of releases on this node, by their SHA-256. What is here under its digest
// was whole and right when it came; what is on its way lies in files/tmp and is gone on with after
// a break.
//
//   if (!blobs.has(digest)) { /* write to blobs.part_path(digest), from blobs.part_bytes(digest) */
//   } DURU_TRY(blobs.keep(digest));            // kDamaged: thrown away, fetch it again
//
// A file that is found to be another one is thrown away. One that cannot be read is set aside in
// files/aside: it is absent until it can be read again or has come anew.
//
// Bounded by retain(): only what is named there stays. Safe from several threads, as long as no two
// write the same part.
#pragma once

#include <set>
#include <string>

#include "duru/agent/disk.h"
#include "duru/agent/verify.h"

namespace duru::agent {

class BlobStore {
 public:
  static Result<BlobStore> open(const Folder& data);

  bool has(const Digest& digest) const;
  const std::string& folder() const { return files_.path(); }
  std::string path(const Digest& digest) const { return files_.path(digest.hex()); }
  std::string part_path(const Digest& digest) const { return parts_.path(digest.hex()); }
  Bytes part_bytes(const Digest& digest) const;

  Status put(const Digest& digest, std::string_view bytes);
  Status keep(const Digest& digest);
  void discard(const Digest& digest);
  // Reads what is here under the digest, and throws it away or sets it aside where it is not right.
  void check(const Digest& digest);
  // Takes back what was set aside, where it can be read now.
  void take_back(const Digest& digest);

  // kNotFound: not here. kUnavailable: cannot be read. Otherwise as verified_manifest(); one that
  // is damaged is thrown away.
  Result<Manifest> manifest(const ReleaseRef& release, const std::string& release_key) const;
  // Whether every file of it is here.
  bool has_files(const Manifest& manifest) const;

  // Throws away everything else, parts too.
  void retain(const std::set<Digest>& wanted);

 private:
  BlobStore(Folder files, Folder parts, Folder aside)
      : files_(std::move(files)), parts_(std::move(parts)), aside_(std::move(aside)) {}
  Folder files_;
  Folder parts_;
  Folder aside_;
};

// Of all that can be read there.
Result<Digest> digest_of_file(const std::string& path);

}  // namespace duru::agent

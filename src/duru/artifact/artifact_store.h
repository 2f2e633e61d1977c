// The artifact store: files that pass between jobs, kept by the SHA-256 of their bytes.
//
// What it guarantees:
//  - An artifact that a put has answered for is durable, whole, and never changes.
//  - Putting content that is there already is a no-op, except that it counts as put just now.
//  - A put that fails leaves nothing behind. A full disk is kExhausted and retryable.
// All calls may be made from several threads; they read and write disks, so never from the loop.
//
//   Result<Artifact> model = store->put_file(work + "/model.onnx", PutMode::kLink);
//   if (!model.ok()) return model.error();
//   Result<std::string> path = store->path(model.value().digest);   // readable, never writable
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "duru/base/result.h"
#include "duru/base/sha256.h"
#include "duru/base/units.h"

namespace duru {

struct Artifact {
  Digest digest;
  Bytes size;

  bool operator==(const Artifact&) const = default;
};

enum class PutMode {
  kCopy,  // the source may change afterwards
  kLink,  // a hard link where the file system and the owner allow it, else a copy; the source keeps
          // its name but becomes read-only, and nobody may be writing to it any more
};

// An artifact that arrives in pieces. Destroyed before finish(), it leaves nothing behind.
class ArtifactWriter {
 public:
  virtual ~ArtifactWriter() = default;
  // After an error nothing more must be written.
  virtual Status write(std::string_view bytes) = 0;
  virtual Result<Artifact> finish() = 0;  // once
};

class ArtifactStore {
 public:
  virtual ~ArtifactStore() = default;

  virtual Result<std::unique_ptr<ArtifactWriter>> begin() = 0;
  virtual Result<Artifact> put_bytes(std::string_view bytes) = 0;
  // A regular file: kInvalid for anything else (a symbolic link is not followed), kNotFound for
  // none, kConflict if it changes meanwhile.
  virtual Result<Artifact> put_file(const std::string& path, PutMode mode) = 0;
  // All that can be read from the descriptor; kExhausted, not retryable, if it is over `size_max`.
  virtual Result<Artifact> put_stream(int descriptor, Bytes size_max) = 0;

  virtual bool exists(const Digest& digest) const = 0;
  virtual Result<Bytes> size(const Digest& digest) const = 0;
  // Its size, and it counts as put just now: for somebody who is about to refer to it.
  virtual Result<Bytes> touch(const Digest& digest) = 0;
  // Where it can be read, as long as it is not removed.
  virtual Result<std::string> path(const Digest& digest) const = 0;
  // A descriptor to read it from, which stays good after a removal; the caller closes it.
  virtual Result<int> open(const Digest& digest) const = 0;
  // Reads it all: kDamaged if its bytes are not those of its digest.
  virtual Status verify(const Digest& digest) const = 0;
  virtual Result<std::vector<Artifact>> list() const = 0;  // by digest
  virtual Status remove(const Digest& digest) = 0;         // kNotFound if it is not there
  // Removes what was last put before the time and is not to be kept; gives what went.
  virtual Result<std::vector<Artifact>> sweep(const std::function<bool(const Digest&)>& keep,
                                              Timestamp put_before) = 0;
};

}  // namespace duru

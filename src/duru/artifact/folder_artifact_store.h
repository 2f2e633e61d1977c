// An artifact store in a folder of a local file system: DIR/artifacts/AB/ABCD..., a file for each
// digest, readable only, in one of 256 folders by its first two digits.
//
// What is being written lies in DIR/artifacts/tmp under a name of its own, is hashed on the way,
// synced, then given its final name, and the folder is synced. One process may have the store open:
// opening sweeps away what a crash left in tmp.
//
//   auto store = FolderArtifactStore::open(data_dir);
//   if (!store.ok()) return store.error();
#pragma once

#include <atomic>
#include <mutex>
#include <utility>

#include "duru/artifact/artifact_store.h"

struct stat;

namespace duru {

class FolderArtifactStore : public ArtifactStore {
 public:
  // DIR must be there; DIR/artifacts is made.
  static Result<std::unique_ptr<FolderArtifactStore>> open(const std::string& dir);

  Result<std::unique_ptr<ArtifactWriter>> begin() override;
  Result<Artifact> put_bytes(std::string_view bytes) override;
  Result<Artifact> put_file(const std::string& path, PutMode mode) override;
  Result<Artifact> put_stream(int descriptor, Bytes size_max) override;
  bool exists(const Digest& digest) const override;
  Result<Bytes> size(const Digest& digest) const override;
  Result<Bytes> touch(const Digest& digest) override;
  Result<std::string> path(const Digest& digest) const override;
  Result<int> open(const Digest& digest) const override;
  Status verify(const Digest& digest) const override;
  Result<std::vector<Artifact>> list() const override;
  Status remove(const Digest& digest) override;
  Result<std::vector<Artifact>> sweep(const std::function<bool(const Digest&)>& keep,
                                      Timestamp put_before) override;

 private:
  friend class FolderArtifactWriter;
  explicit FolderArtifactStore(std::string root) : root_(std::move(root)) {}

  std::string new_temporary();
  std::string place_of(const Digest& digest) const;
  Result<Artifact> put_copy(int descriptor, const struct stat& before, const std::string& path);
  Result<Artifact> put_link(int descriptor, const struct stat& before, const std::string& path,
                            const std::string& temporary);
  // Gives a complete, synced file its name; the temporary name is gone afterwards.
  Status keep(const std::string& temporary, const Artifact& artifact);

  const std::string root_;
  std::atomic<std::uint64_t> next_temporary_{0};
  std::mutex mutex_;  // of names: a put that finds an artifact must not meet a sweep of it
};

}  // namespace duru

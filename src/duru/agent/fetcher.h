// Fetcher: brings the manifest and the files of a release onto this node, each believed only after
// its digest (and the manifest after its signature) was checked.
//
//   Fetcher fetcher(server, {.headers = headers}, blobs, identity.release_key);
//   FetchResult result = fetcher.fetch(release, [&] { return !stopping; });
//
// A file that broke off is gone on with from where it was. A damaged one is thrown away. Blocks;
// the call between two pieces may do other work, and ends the fetch by answering false. No
// connection is held after a fetch.
#pragma once

#include <functional>

#include "duru/agent/blob_store.h"
#include "duru/http/client.h"

namespace duru::agent {

struct FetchResult {
  enum class End { kReady, kFailed, kRefused };  // kRefused: no other try makes it right
  End end = End::kFailed;
  std::string detail;
  bool made_progress = false;  // some bytes came
};

class Fetcher {
 public:
  using Between = std::function<bool()>;

  // Of the options, the spans are its own.
  Fetcher(http::Address server, http::ClientOptions options, BlobStore& blobs,
          std::string release_key);
  FetchResult fetch(const ReleaseRef& release, const Between& between);

 private:
  FetchResult fetch_all(const ReleaseRef& release, const Between& between);
  Status fetch_manifest(const ReleaseRef& release, const Between& between, Manifest& manifest,
                        FetchResult& result);
  Status fetch_file(const JobFile& file, const Between& between, FetchResult& result);
  Status download(const Digest& digest, Bytes from, const Between& between,
                  const std::function<Status(std::string_view)>& take, FetchResult& result);

  const http::ClientOptions options_;
  http::HttpClient client_;
  BlobStore& blobs_;
  std::string release_key_;
};

}  // namespace duru::agent

#include "duru/agent/fetcher.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "duru/agent/fault_point.h"
#include "duru/field/protocol.h"

namespace duru::agent {
namespace {

using supervisor::Fd;

bool is_refusal(const Error& error) {
  return error.code == ErrorCode::kDenied || error.code == ErrorCode::kInvalid ||
         error.code == ErrorCode::kUnsupported;
}

Error disk_full(const std::string& why) {
  return Error{ErrorCode::kExhausted, "disk full: " + why, true, false};
}

Status append_to(const Fd& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      Error error = system_error("write the download", errno);
      return error.code == ErrorCode::kExhausted ? disk_full(error.message) : error;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return ok_status();
}

http::ClientOptions patient(http::ClientOptions options) {
  options.connect_max = seconds(5);
  options.silence_max = seconds(20);
  return options;
}

}  // namespace

Fetcher::Fetcher(http::Address server, http::ClientOptions options, BlobStore& blobs,
                 std::string release_key)
    : options_(patient(std::move(options))),
      client_(std::move(server), options_),
      blobs_(blobs),
      release_key_(std::move(release_key)) {}

FetchResult Fetcher::fetch(const ReleaseRef& release, const Between& between) {
  FetchResult result = fetch_all(release, between);
  client_ = http::HttpClient(client_.address(), options_);  // closes the connection
  return result;
}

FetchResult Fetcher::fetch_all(const ReleaseRef& release, const Between& between) {
  FetchResult result;
  auto fail = [&](const Error& error) {
    result.detail = error.message;
    return result;
  };
  Manifest manifest;
  Status got = fetch_manifest(release, between, manifest, result);
  if (!got.ok()) return fail(got.error());
  for (const JobFile& file : manifest.files) {
    if (blobs_.has(file.digest)) continue;
    got = fetch_file(file, between, result);
    if (!got.ok()) return fail(got.error());
  }
  result.end = FetchResult::End::kReady;
  return result;
}

Status Fetcher::fetch_manifest(const ReleaseRef& release, const Between& between,
                               Manifest& manifest, FetchResult& result) {
  auto held = blobs_.manifest(release, release_key_);
  std::string bytes;
  if (!held.ok() && !is_refusal(held.error())) {
    auto take = [&](std::string_view piece) -> Status {
      bytes += piece;
      if (bytes.size() <= kManifestBytesMax) return ok_status();
      result.end = FetchResult::End::kRefused;
      return Error{ErrorCode::kInvalid,
                   "release " + release.name + ": its manifest is larger than " +
                       std::to_string(kManifestBytesMax) + " bytes",
                   false, false};
    };
    DURU_TRY(download(release.digest, Bytes(0), between, take, result));
    held = verified_manifest(bytes, release, release_key_);
    if (held.ok()) {
      DURU_TRY(blobs_.put(release.digest, bytes));
      fault_point("manifest_kept");
    }
  }
  if (!held.ok()) {
    if (is_refusal(held.error())) result.end = FetchResult::End::kRefused;
    return held.error();
  }
  manifest = std::move(held.value());
  return ok_status();
}

Status Fetcher::fetch_file(const JobFile& file, const Between& between, FetchResult& result) {
  if (blobs_.part_bytes(file.digest) > file.size) blobs_.discard(file.digest);
  Bytes have = blobs_.part_bytes(file.digest);
  const std::string path = blobs_.part_path(file.digest);
  Status room = check_room(blobs_.folder(), file.size - have);
  if (!room.ok() && room.error().code == ErrorCode::kExhausted) {
    return disk_full(room.error().message);
  }
  DURU_TRY(room);
  Fd part(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!part.valid()) return system_error("create " + path, errno);
  auto take = [&](std::string_view piece) -> Status {
    have += Bytes(static_cast<std::int64_t>(piece.size()));
    if (have <= file.size) return append_to(part, piece);
    blobs_.discard(file.digest);
    return damaged("`" + file.path + "` came with more bytes than it has");
  };
  if (have < file.size) DURU_TRY(download(file.digest, have, between, take, result));
  Status kept = blobs_.keep(file.digest);
  if (!kept.ok() && kept.error().code == ErrorCode::kDamaged) {
    return damaged("`" + file.path + "` came damaged");
  }
  return kept;
}

Status Fetcher::download(const Digest& digest, Bytes from, const Between& between,
                         const std::function<Status(std::string_view)>& take, FetchResult& result) {
  http::ClientRequest request;
  request.target = "/v1/field/blobs/" + digest.hex();
  if (from.value > 0) {
    request.headers.set("Range", "bytes=" + std::to_string(from.value) + "-");
  }
  Status taken = ok_status();
  bool broken_off = false;
  auto answer = client_.follow(request, [&](std::string_view piece) {
    result.made_progress = true;
    taken = take(piece);
    broken_off = taken.ok() && !between();
    return taken.ok() && !broken_off;
  });
  DURU_TRY(taken);
  if (broken_off) return Error{ErrorCode::kUnavailable, "broken off", true, false};
  if (!answer.ok()) return answer.error();
  if (answer.value().is_success()) return ok_status();
  // Nothing that could be gone on with.
  if (answer.value().status == 416) blobs_.discard(digest);
  return Error{
      ErrorCode::kUnavailable,
      "the server answers " + std::to_string(answer.value().status) + " for " + digest.hex(), true,
      false};
}

}  // namespace duru::agent

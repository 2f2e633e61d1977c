#include "duru/journal/snapshot.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <vector>

#include "duru/journal/durable_file.h"
#include "duru/journal/fixed_bytes.h"

namespace duru {
namespace {

constexpr std::string_view kMagic = "DURUSNAP";
constexpr std::string_view kSuffix = ".snap";
constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kChecksumBytes = 8;
constexpr std::size_t kHeaderBytes = 8 + 4 + 4 + 8 + 32 + 8 + 32 + kChecksumBytes;
constexpr std::int64_t kFileBytesMax = std::int64_t{1} << 36;

std::string folder_of(const std::string& dir) { return dir + "/snapshots"; }

std::string path_of(const std::string& dir, std::int64_t seq) {
  return fmt::format("{}/{}{}", folder_of(dir), seq, kSuffix);
}

std::string encode_header(const SnapshotKey& key, std::string_view body) {
  std::string header(kMagic);
  put_fixed(header, kFormat);
  put_fixed(header, key.version);
  put_fixed(header, key.seq);
  header += key.chain.raw();
  put_fixed(header, static_cast<std::uint64_t>(body.size()));
  header += sha256(body).raw();
  header += sha256(header).raw().substr(0, kChecksumBytes);
  return header;
}

// The body of the file if its header says exactly this key and its bytes are whole.
std::optional<std::string> body_of(std::string file, const SnapshotKey& key) {
  if (file.size() < kHeaderBytes) return std::nullopt;
  std::string body = file.substr(kHeaderBytes);
  file.resize(kHeaderBytes);
  // The header of the key and body that we hope for must be the header that is there.
  if (file != encode_header(key, body)) return std::nullopt;
  return body;
}

// Sequence numbers of the snapshots that are there, the newest first.
Result<std::vector<std::int64_t>> list_snapshots(const std::string& dir) {
  std::vector<std::int64_t> seqs;
  std::error_code failure;
  std::filesystem::directory_iterator entries(folder_of(dir), failure);
  if (failure == std::errc::no_such_file_or_directory) return seqs;
  for (; !failure && entries != std::filesystem::directory_iterator(); entries.increment(failure)) {
    const std::string name = entries->path().filename().string();
    if (!std::string_view(name).ends_with(kSuffix)) continue;
    const char* const end = name.data() + name.size() - kSuffix.size();
    std::int64_t seq = 0;
    const auto parsed = std::from_chars(name.data(), end, seq);
    if (parsed.ec == std::errc() && parsed.ptr == end && seq > 0) seqs.push_back(seq);
  }
  if (failure) return system_error("list " + folder_of(dir), failure.value());
  std::sort(seqs.rbegin(), seqs.rend());
  return seqs;
}

}  // namespace

Status write_snapshot(const std::string& dir, const SnapshotKey& key, std::string_view body) {
  DURU_TRY(durable::make_folder(folder_of(dir)));
  DURU_TRY(durable::replace_file(path_of(dir, key.seq), {encode_header(key, body), body}));
  Result<std::vector<std::int64_t>> seqs = list_snapshots(dir);
  if (!seqs.ok()) return seqs.error();
  bool kept_one_before = false;
  for (const std::int64_t seq : seqs.value()) {
    if (seq == key.seq) continue;
    if (seq < key.seq && !kept_one_before) {
      kept_one_before = true;
      continue;
    }
    ::unlink(path_of(dir, seq).c_str());
  }
  return ok_status();
}

Result<std::optional<Snapshot>> newest_snapshot(const std::string& dir, std::uint32_t version,
                                                JournalReader& journal, std::int64_t seq_max) {
  Result<std::vector<std::int64_t>> seqs = list_snapshots(dir);
  if (!seqs.ok()) return seqs.error();
  for (const std::int64_t seq : seqs.value()) {
    if (seq > seq_max) continue;
    Result<Digest> chain = journal.chain_at(seq);
    if (!chain.ok() && chain.error().code == ErrorCode::kNotFound) continue;
    if (!chain.ok()) return chain.error();
    Result<std::string> file = durable::read_file(path_of(dir, seq), kFileBytesMax);
    if (!file.ok()) continue;  // removed by a newer one just now, or not readable: a cache
    const SnapshotKey key{version, seq, chain.value()};
    std::optional<std::string> body = body_of(std::move(file.value()), key);
    if (body) return std::optional<Snapshot>(Snapshot{seq, chain.value(), std::move(*body)});
  }
  return std::optional<Snapshot>();
}

}  // namespace duru

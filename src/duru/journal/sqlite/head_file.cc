#include "duru/journal/sqlite/head_file.h"

#include <fcntl.h>
#include <fmt/core.h>

#include <string_view>
#include <utility>

#include "duru/journal/fixed_bytes.h"

namespace duru {
namespace {

constexpr std::string_view kMagic = "DURUHEAD";
constexpr std::size_t kChecksumBytes = 8;

std::string checksum(std::string_view bytes) {
  return std::string(sha256(bytes).raw().substr(0, kChecksumBytes));
}

std::string encode(const Head& head) {
  std::string slot(kMagic);
  put_fixed(slot, kHeadVersion);
  put_fixed(slot, std::uint32_t{0});
  put_fixed(slot, head.turn);
  put_fixed(slot, head.last_seq);
  put_fixed(slot, head.term);
  put_fixed(slot, head.alive_ms);
  slot += head.chain.raw();
  slot += checksum(slot);
  DURU_ASSERT(slot.size() == kHeadSlotBytes);
  return slot;
}

struct Slot {
  std::uint32_t version = 0;
  Head head;
};

// Nothing if the slot is torn or was never written.
std::optional<Slot> decode(std::string_view bytes) {
  if (bytes.size() != kHeadSlotBytes || !bytes.starts_with(kMagic)) return std::nullopt;
  const std::string_view covered = bytes.substr(0, kHeadSlotBytes - kChecksumBytes);
  if (checksum(covered) != bytes.substr(covered.size())) return std::nullopt;
  FixedReader reader(covered.substr(kMagic.size()));
  Slot slot;
  slot.version = reader.take<std::uint32_t>();
  reader.take<std::uint32_t>();
  slot.head.turn = reader.take<std::uint64_t>();
  slot.head.last_seq = reader.take<std::int64_t>();
  slot.head.term = reader.take<std::int64_t>();
  slot.head.alive_ms = reader.take<std::int64_t>();
  const std::string_view chain = reader.take_bytes(slot.head.chain.bytes.size());
  for (std::size_t i = 0; i < chain.size(); ++i) {
    slot.head.chain.bytes[i] = static_cast<unsigned char>(chain[i]);
  }
  return slot;
}

std::int64_t offset_of(std::uint64_t turn) { return turn % 2 == 0 ? 0 : kHeadSlotStride; }

}  // namespace

Result<std::optional<Head>> load_head(const std::string& path) {
  Result<std::string> file = durable::read_file(path, 2 * kHeadSlotStride);
  if (!file.ok() && file.error().code == ErrorCode::kNotFound) return std::optional<Head>();
  if (!file.ok()) return file.error();
  const std::string_view bytes = file.value();
  std::optional<Head> newest;
  for (const std::int64_t offset : {std::int64_t{0}, kHeadSlotStride}) {
    const auto start = static_cast<std::size_t>(offset);
    if (bytes.size() < start + kHeadSlotBytes) continue;
    const std::optional<Slot> slot = decode(bytes.substr(start, kHeadSlotBytes));
    if (!slot) continue;
    if (slot->version != kHeadVersion) {
      return Error{ErrorCode::kUnsupported, fmt::format("{} has format {}; this build reads format "
                                                        "{}",
                                                        path, slot->version, kHeadVersion)};
    }
    if (!newest || slot->head.turn > newest->turn) newest = slot->head;
  }
  if (!newest) return Error{ErrorCode::kDamaged, path + " is damaged: neither slot is whole"};
  return newest;
}

Status create_head(const std::string& path, const Head& head) {
  const std::string slot = encode(head);
  std::string file(static_cast<std::size_t>(kHeadSlotStride) + kHeadSlotBytes, '\0');
  file.replace(static_cast<std::size_t>(offset_of(head.turn)), kHeadSlotBytes, slot);
  return durable::replace_file(path, {file});
}

HeadFile::HeadFile(std::string path, durable::File file, const Head& current)
    : path_(std::move(path)), file_(std::move(file)), current_(current) {}

Result<HeadFile> HeadFile::open(const std::string& path, const Head& current) {
  Result<durable::File> file = durable::open_file(path, O_WRONLY);
  if (!file.ok()) return file.error();
  return HeadFile(path, std::move(file.value()), current);
}

Status HeadFile::write(Head head) {
  head.turn = current_.turn + 1;
  DURU_TRY(durable::write_at(file_, offset_of(head.turn), encode(head), path_));
  current_ = head;
  return ok_status();
}

Status HeadFile::sync() const { return durable::sync_file(file_, path_); }

}  // namespace duru

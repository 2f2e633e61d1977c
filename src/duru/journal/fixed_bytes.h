// Little-endian integers of fixed width: what the chain, the head file and the header of a snapshot
// are made of.
//
//   std::string bytes;
//   put_fixed(bytes, std::uint32_t{1});
//   FixedReader reader(bytes);
//   auto version = reader.take<std::uint32_t>();   // 0 and !reader.ok() past the end
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace duru {

template <class Integer>
void put_fixed(std::string& bytes, Integer value) {
  const auto bits = static_cast<std::make_unsigned_t<Integer>>(value);
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    bytes.push_back(static_cast<char>(static_cast<unsigned char>(bits >> (8 * i))));
  }
}

class FixedReader {
 public:
  explicit FixedReader(std::string_view bytes) : bytes_(bytes) {}

  std::string_view take_bytes(std::size_t count) {
    if (count > bytes_.size()) {
      ok_ = false;
      bytes_ = {};
      return {};
    }
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

  template <class Integer>
  Integer take() {
    const std::string_view taken = take_bytes(sizeof(Integer));
    std::make_unsigned_t<Integer> bits = 0;
    for (std::size_t i = 0; i < taken.size(); ++i) {
      const auto byte = static_cast<unsigned char>(taken[i]);
      bits |= static_cast<std::make_unsigned_t<Integer>>(byte) << (8 * i);
    }
    return static_cast<Integer>(bits);
  }

  bool ok() const { return ok_; }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace duru

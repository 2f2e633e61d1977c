#include "duru/base/strong.h"

namespace duru {

__extension__ typedef unsigned __int128 UnsignedWide;

std::string make_id_text(std::int64_t unix_ms, std::uint32_t random) {
  // In ASCII order, so that ids sort by time as text.
  static constexpr char kAlphabet[] = "234567abcdefghijklmnopqrstuvwxyz";
  std::string text(16, '2');
  std::uint64_t high = static_cast<std::uint64_t>(unix_ms) & 0xffffffffffffULL;
  UnsignedWide bits = (static_cast<UnsignedWide>(high) << 32) | random;
  for (int i = 15; i >= 0; --i) {
    text[static_cast<std::size_t>(i)] = kAlphabet[static_cast<std::size_t>(bits & 31)];
    bits >>= 5;
  }
  return text;
}

}  // namespace duru

// Strong types: two things that mean different things do not mix, although both are text or
// numbers.
//
//   Id<Tag>       16 characters of lower-case base32: 48 bits of milliseconds, 32 random; sorts by
//   time Name<Tag>     text that people choose (a chip, a node, a site) Quantity<Tag> a 64-bit
//   integer in the unit that the type names (Milliseconds, Millijoules)
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace duru {

template <class Tag>
class Id {
 public:
  static constexpr std::size_t kLength = 16;
  constexpr Id() = default;

  // Accepts exactly 16 characters of [a-z2-7]; anything else leaves the id as it was and answers
  // false.
  bool parse(std::string_view text) {
    if (text.size() != kLength) return false;
    for (char c : text) {
      if (!((c >= 'a' && c <= 'z') || (c >= '2' && c <= '7'))) return false;
    }
    for (std::size_t i = 0; i < kLength; ++i) characters_[i] = text[i];
    return true;
  }
  bool empty() const { return characters_[0] == '\0'; }
  std::string_view view() const {
    return empty() ? std::string_view() : std::string_view(characters_.data(), kLength);
  }
  std::string str() const { return std::string(view()); }
  auto operator<=>(const Id&) const = default;

 private:
  std::array<char, kLength> characters_{};
};

template <class Tag>
class Name {
 public:
  Name() = default;
  explicit Name(std::string text) : text_(std::move(text)) {}
  const std::string& str() const { return text_; }
  bool empty() const { return text_.empty(); }
  auto operator<=>(const Name&) const = default;

 private:
  std::string text_;
};

template <class Tag>
struct Quantity {
  std::int64_t value = 0;

  constexpr Quantity() = default;
  constexpr explicit Quantity(std::int64_t v) : value(v) {}
  auto operator<=>(const Quantity&) const = default;
  constexpr Quantity operator+(Quantity other) const { return Quantity(value + other.value); }
  constexpr Quantity operator-(Quantity other) const { return Quantity(value - other.value); }
  constexpr Quantity& operator+=(Quantity other) {
    value += other.value;
    return *this;
  }
  constexpr Quantity& operator-=(Quantity other) {
    value -= other.value;
    return *this;
  }
  constexpr Quantity operator*(std::int64_t factor) const { return Quantity(value * factor); }
};

// Draws the text of an id from a time and 32 random bits; pure, so that the caller decides where
// both come from.
std::string make_id_text(std::int64_t unix_ms, std::uint32_t random);

template <class IdType>
IdType make_id(std::int64_t unix_ms, std::uint32_t random) {
  IdType id;
  id.parse(make_id_text(unix_ms, random));
  return id;
}

}  // namespace duru

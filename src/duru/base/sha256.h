// SHA-256, the one digest of Duru: artifacts are kept by it, commits are chained by it, states are
// compared by it.
//
//   Sha256 hash;
//   hash.update(bytes);
//   std::string hex = hash.finish().hex();
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace duru {

struct Digest {
  std::array<unsigned char, 32> bytes{};

  std::string hex() const;  // 64 lower-case characters
  bool parse(std::string_view hex);
  std::string_view raw() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  auto operator<=>(const Digest&) const = default;
};

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(std::string_view bytes);
  Digest finish();  // once

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

Digest sha256(std::string_view bytes);

}  // namespace duru

// The installation's key: Ed25519 in DIR/release.key (PEM, 0600), made at first need. Nodes learn
// its public half when they enrol and run nothing that it did not sign, so it is kept with the
// journal: an installation without it cannot give its nodes another release.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "duru/base/result.h"

namespace duru {

class ReleaseKey {
 public:
  // kDamaged: the file is there and holds no such key, or it is gone although nodes trust it or it
  // signed releases.
  static Result<ReleaseKey> load_or_make(const std::string& dir, bool is_in_use);

  const std::string& public_hex() const { return public_hex_; }  // 64 hexadecimal digits
  // 128 hexadecimal digits; the same bytes always give the same. From any thread.
  std::string sign(std::string_view bytes) const;

 private:
  std::shared_ptr<void> key_;  // EVP_PKEY
  std::string public_hex_;
};

}  // namespace duru

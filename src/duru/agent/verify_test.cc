// What may run: exactly the signed bytes, and only what makes sense.
#include "duru/agent/verify.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <memory>

#include "duru/base/json.h"

namespace duru::agent {
namespace {

std::string hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

class Signer {
 public:
  Signer() : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free) {}
  std::string public_hex() const {
    std::string raw(32, '\0');
    std::size_t size = raw.size();
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()), &size);
    return hex(raw);
  }
  std::string sign(const std::string& bytes) const {
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::string signature(64, '\0');
    std::size_t size = signature.size();
    EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get());
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                   reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    return hex(signature);
  }

 private:
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
};

Manifest good_manifest() {
  Manifest manifest;
  manifest.format = 1;
  manifest.release = "smoke-3";
  manifest.files = {{"bin/camera", sha256("camera"), Bytes(6), true},
                    {"model.onnx", sha256("model"), Bytes(5), false}};
  manifest.command = {"bin/camera"};
  manifest.probe.command = {"bin/camera", "--probe"};
  return manifest;
}

class Verify : public testing::Test {
 protected:
  Result<Manifest> verified(const Manifest& manifest) {
    const std::string bytes = to_json(manifest, JsonForm::kSparse);
    return verified_manifest(bytes, ref(bytes), signer.public_hex());
  }
  ReleaseRef ref(const std::string& bytes) const {
    return {"smoke-3", sha256(bytes), signer.sign(bytes)};
  }
  Signer signer;
};

TEST_F(Verify, TakesWhatTheReleaseKeySigned) {
  auto manifest = verified(good_manifest());
  ASSERT_TRUE(manifest.ok()) << manifest.error().message;
  EXPECT_EQ(manifest.value().files.size(), 2U);
  EXPECT_EQ(manifest.value().command, std::vector<std::string>{"bin/camera"});
}

TEST_F(Verify, OtherBytesThanTheDigestsAreDamage) {
  std::string bytes = to_json(good_manifest(), JsonForm::kSparse);
  const ReleaseRef release = ref(bytes);
  bytes += " ";
  auto manifest = verified_manifest(bytes, release, signer.public_hex());
  EXPECT_EQ(manifest.error().code, ErrorCode::kDamaged);
}

TEST_F(Verify, AnyOtherSignatureIsRefused) {
  const std::string bytes = to_json(good_manifest(), JsonForm::kSparse);
  const Signer other;
  for (const std::string& signature :
       {other.sign(bytes), signer.sign(bytes + " "), std::string(), std::string(128, '0'),
        std::string("zz"), signer.sign(bytes) + "00"}) {
    auto manifest =
        verified_manifest(bytes, {"smoke-3", sha256(bytes), signature}, signer.public_hex());
    EXPECT_EQ(manifest.error().code, ErrorCode::kDenied) << signature;
  }
  EXPECT_EQ(verified_manifest(bytes, ref(bytes), "").error().code, ErrorCode::kDenied);
}

TEST_F(Verify, APathThatLeavesTheFolderIsRefusedAlthoughItIsSigned) {
  for (const char* path : {"../x", "/etc/passwd", "a/../../x", "", "a//b", "./a", "a/"}) {
    Manifest manifest = good_manifest();
    manifest.files[0].path = path;
    auto checked = verified(manifest);
    ASSERT_FALSE(checked.ok()) << path;
    EXPECT_EQ(checked.error().code, ErrorCode::kInvalid) << path;
  }
}

TEST_F(Verify, WhatThisAgentCannotRunIsRefused) {
  Manifest newer = good_manifest();
  newer.format = 2;
  EXPECT_EQ(verified(newer).error().code, ErrorCode::kUnsupported);
  Manifest still = good_manifest();
  still.command.clear();
  EXPECT_EQ(verified(still).error().code, ErrorCode::kInvalid);
  Manifest blind = good_manifest();
  blind.probe.command.clear();
  EXPECT_EQ(verified(blind).error().code, ErrorCode::kInvalid);
  Manifest twice = good_manifest();
  twice.files[1].path = twice.files[0].path;
  EXPECT_EQ(verified(twice).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace duru::agent

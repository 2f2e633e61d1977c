#include "duru/agent/verify.h"

#include <openssl/evp.h>

#include <memory>
#include <set>

#include "duru/base/json.h"
#include "duru/domain/names.h"

namespace duru::agent {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;

Error refuse(ErrorCode code, const ReleaseRef& release, const std::string& why) {
  return Error{code, "release " + release.name + ": " + why, false, false};
}

bool from_hex(std::string_view hex, std::string& out) {
  auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  if (hex.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = digit(hex[i]), low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high * 16 + low);
  }
  return true;
}

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

bool is_signed(std::string_view bytes, const std::string& signature_hex,
               const std::string& key_hex) {
  std::string key, signature;
  if (!from_hex(key_hex, key) || key.size() != kKeyBytes) return false;
  if (!from_hex(signature_hex, signature) || signature.size() != kSignatureBytes) return false;
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> public_key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw(key), key.size()), EVP_PKEY_free);
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return public_key && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
         EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(bytes),
                          bytes.size()) == 1;
}

Status check(const Manifest& manifest, const ReleaseRef& release) {
  if (manifest.format != 1) {
    return refuse(
        ErrorCode::kUnsupported, release,
        "its manifest has format " + std::to_string(manifest.format) + ", this agent knows 1");
  }
  auto invalid = [&](const std::string& why) { return refuse(ErrorCode::kInvalid, release, why); };
  if (manifest.command.empty() || manifest.command[0].empty()) return invalid("has no command");
  if (manifest.probe.command.empty() || manifest.probe.command[0].empty()) {
    return invalid("has no health probe");
  }
  std::set<std::string> paths;
  for (const JobFile& file : manifest.files) {
    if (!is_safe_path(file.path)) return invalid("`" + file.path + "` is outside its folder");
    if (!paths.insert(file.path).second) return invalid("`" + file.path + "` is there twice");
    if (file.size.value < 0) return invalid("`" + file.path + "` has a negative size");
  }
  return ok_status();
}

}  // namespace

Result<Manifest> verified_manifest(std::string_view bytes, const ReleaseRef& release,
                                   const std::string& release_key_hex) {
  if (sha256(bytes) != release.digest) {
    return refuse(ErrorCode::kDamaged, release, "the manifest is not what its digest names");
  }
  if (!is_signed(bytes, release.signature, release_key_hex)) {
    return refuse(ErrorCode::kDenied, release,
                  "the signature is not by this installation's release key");
  }
  auto manifest = from_json<Manifest>(bytes);
  if (!manifest.ok()) {
    return refuse(ErrorCode::kInvalid, release,
                  "manifest" + manifest.problems[0].pointer + ": " + manifest.problems[0].detail);
  }
  DURU_TRY(check(manifest.value, release));
  return manifest.value;
}

}  // namespace duru::agent

#include "duru/server/release_key.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>

#include "duru/base/assert.h"
#include "duru/server/data_dir.h"

namespace duru {
namespace {

constexpr const char* kName = "release.key";

std::string hex_of(const unsigned char* bytes, std::size_t size) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

Error damaged(const std::string& dir, const std::string& why) {
  const std::string path = dir + "/" + kName;
  return Error{ErrorCode::kDamaged,
               path + why +
                   "; put it back from a backup: the nodes of the field trust no other. To begin "
                   "anew, make one with `openssl genpkey -algorithm ed25519 -out " +
                   path + "`, enrol each node again, and apply each release under a new name",
               false, false};
}

std::shared_ptr<EVP_PKEY> owned(EVP_PKEY* key) { return {key, EVP_PKEY_free}; }

std::string pem_of(EVP_PKEY* key) {
  const std::shared_ptr<BIO> memory(BIO_new(BIO_s_mem()), BIO_free);
  const int written =
      PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  DURU_ASSERT(written == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

std::shared_ptr<EVP_PKEY> read_pem(const std::string& pem) {
  const std::shared_ptr<BIO> memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                    BIO_free);
  // An empty passphrase, so that nobody is asked for one.
  char empty[] = "";
  return owned(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, empty));
}

}  // namespace

Result<ReleaseKey> ReleaseKey::load_or_make(const std::string& dir, bool is_in_use) {
  const auto found = read_file_of(dir, kName);
  if (!found.ok()) return found.error();
  std::shared_ptr<EVP_PKEY> key;
  if (found.value()) {
    key = read_pem(*found.value());
    if (key == nullptr || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) {
      return damaged(dir, " holds no Ed25519 key");
    }
  } else if (is_in_use) {
    return damaged(dir, " is missing");
  } else {
    key = owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    DURU_ASSERT(key != nullptr);
    DURU_TRY(write_private_file(dir, kName, pem_of(key.get())));
  }
  std::array<unsigned char, 32> raw{};
  std::size_t size = raw.size();
  const int got = EVP_PKEY_get_raw_public_key(key.get(), raw.data(), &size);
  DURU_ASSERT(got == 1 && size == raw.size());
  ReleaseKey made;
  made.key_ = std::move(key);
  made.public_hex_ = hex_of(raw.data(), raw.size());
  return made;
}

std::string ReleaseKey::sign(std::string_view bytes) const {
  const std::shared_ptr<EVP_MD_CTX> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::array<unsigned char, 64> signature{};
  std::size_t size = signature.size();
  const bool done =
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr,
                         static_cast<EVP_PKEY*>(key_.get())) == 1 &&
      EVP_DigestSign(context.get(), signature.data(), &size,
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) == 1;
  DURU_ASSERT(done && size == signature.size());
  return hex_of(signature.data(), size);
}

}  // namespace duru

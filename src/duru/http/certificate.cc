#include "duru/http/certificate.h"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "duru/base/assert.h"
#include "duru/base/sha256.h"
#include "duru/http/address.h"
#include "duru/http/openssl_handles.h"

namespace duru::http {
namespace {

constexpr std::size_t kFingerprintBytes = 20;
constexpr int kSerialBytes = 16;

Error invalid(const std::string& what) {
  ERR_clear_error();
  return Error{ErrorCode::kInvalid, what, false, false};
}

std::string base32(std::string_view bytes) {
  static constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
  std::string text;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char byte : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(byte);
    for (held += 8; held >= 5; held -= 5) text += kAlphabet[(bits >> (held - 5)) & 31];
  }
  return text;
}

std::string hex(const ASN1_OCTET_STRING* bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  if (bytes == nullptr) return text;
  const unsigned char* data = ASN1_STRING_get0_data(bytes);
  for (int i = 0; i < ASN1_STRING_length(bytes); ++i) {
    text += kDigits[data[i] >> 4];
    text += kDigits[data[i] & 15];
  }
  return text;
}

std::string pem_of_key(EVP_PKEY* key) {
  const OpensslOwned<BIO> memory(BIO_new(BIO_s_mem()));
  const int written =
      PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  DURU_ASSERT(written == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

bool add_extension(X509* to, X509* signer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, signer, to, nullptr, nullptr, 0);
  const OpensslOwned<X509_EXTENSION> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension != nullptr && X509_add_ext(to, extension.get(), -1) == 1;
}

// All but its issuer, extensions and signature.
OpensslOwned<X509> begin_certificate(const std::string& name, EVP_PKEY* key,
                                     const Validity& validity) {
  OpensslOwned<X509> made(X509_new());
  std::array<unsigned char, kSerialBytes> serial{};
  DURU_ASSERT(RAND_bytes(serial.data(), kSerialBytes) == 1);
  serial[0] = static_cast<unsigned char>((serial[0] & 0x3f) | 0x40);  // positive, of full length
  const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
  const bool done =
      X509_set_version(made.get(), X509_VERSION_3) == 1 &&
      ASN1_STRING_set(X509_get_serialNumber(made.get()), serial.data(), kSerialBytes) == 1 &&
      ASN1_TIME_set(X509_getm_notBefore(made.get()), validity.from.value / 1000) != nullptr &&
      ASN1_TIME_set(X509_getm_notAfter(made.get()), validity.until.value / 1000) != nullptr &&
      X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8, text, -1,
                                 -1, 0) == 1 &&
      X509_set_pubkey(made.get(), key) == 1;
  DURU_ASSERT(done);
  return made;
}

bool sign(X509* certificate, const X509* signer, EVP_PKEY* key) {
  return X509_set_issuer_name(certificate, X509_get_subject_name(signer)) == 1 &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

OpensslOwned<EVP_PKEY> draw_key() {
  OpensslOwned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  DURU_ASSERT(key != nullptr);
  return key;
}

std::string text_of(const GENERAL_NAME& name) {
  int kind = 0;
  const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(&name, &kind));
  const unsigned char* data = ASN1_STRING_get0_data(value);
  const int size = ASN1_STRING_length(value);
  if (kind == GEN_DNS) return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (kind == GEN_IPADD && (size == 4 || size == 16)) {
    ::inet_ntop(size == 4 ? AF_INET : AF_INET6, data, text.data(), text.size());
  }
  return text.data();
}

std::vector<std::string> names_of(const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> list(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  std::vector<std::string> names;
  for (int i = 0; list != nullptr && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    std::string text = text_of(*sk_GENERAL_NAME_value(list.get(), i));
    if (!text.empty()) names.push_back(std::move(text));
  }
  std::sort(names.begin(), names.end());
  return names;
}

Timestamp time_of(const ASN1_TIME* time) {
  std::tm utc{};
  if (ASN1_TIME_to_tm(time, &utc) != 1) return Timestamp(0);
  return Timestamp(std::int64_t{::timegm(&utc)} * 1000);
}

}  // namespace

std::vector<OpensslOwned<X509>> read_certificates(const std::string& pem) {
  std::vector<OpensslOwned<X509>> list;
  const OpensslOwned<BIO> reader = reader_of(pem);
  while (X509* one = PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)) {
    list.emplace_back(one);
  }
  ERR_clear_error();
  return list;
}

OpensslOwned<EVP_PKEY> read_key(const std::string& pem) {
  char no_passphrase[] = "";
  OpensslOwned<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(reader_of(pem).get(), nullptr, nullptr, no_passphrase));
  ERR_clear_error();
  return key;
}

std::string pem_of(X509* certificate) {
  const OpensslOwned<BIO> memory(BIO_new(BIO_s_mem()));
  const int written = PEM_write_bio_X509(memory.get(), certificate);
  DURU_ASSERT(written == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

std::string fingerprint_of(const X509* certificate) {
  Digest digest;
  unsigned int size = 0;
  const int done = X509_digest(certificate, EVP_sha256(), digest.bytes.data(), &size);
  DURU_ASSERT(done == 1 && size == digest.bytes.size());
  const auto* bytes = reinterpret_cast<const char*>(digest.bytes.data());
  return base32({bytes, kFingerprintBytes});
}

Result<std::string> fingerprint_of(const std::string& certificate_pem) {
  const auto certificates = read_certificates(certificate_pem);
  if (certificates.empty()) return invalid("there is no certificate (PEM)");
  return fingerprint_of(certificates.front().get());
}

Result<CertifiedKey> make_ca(const std::string& name, const Validity& validity,
                             const std::string& key_pem) {
  const OpensslOwned<EVP_PKEY> key = key_pem.empty() ? draw_key() : read_key(key_pem);
  if (key == nullptr) return invalid("there is no private key (PEM)");
  const OpensslOwned<X509> made = begin_certificate(name, key.get(), validity);
  const bool done =
      add_extension(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
      add_extension(made.get(), made.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
      add_extension(made.get(), made.get(), NID_subject_key_identifier, "hash") &&
      sign(made.get(), made.get(), key.get());
  if (!done) return invalid("cannot make a CA named '" + name + "'");
  return CertifiedKey{pem_of(made.get()), pem_of_key(key.get())};
}

Result<CertifiedKey> issue(const CertifiedKey& ca, const std::vector<std::string>& names,
                           const Validity& validity) {
  DURU_TRY(check_key(ca));
  const OpensslOwned<EVP_PKEY> ca_key = read_key(ca.key_pem);
  const OpensslOwned<X509> signer = std::move(read_certificates(ca.certificate_pem).front());
  const OpensslOwned<EVP_PKEY> key = draw_key();
  const OpensslOwned<X509> made = begin_certificate("duru server", key.get(), validity);
  std::string all;
  for (const std::string& name : names) {
    // A comma would begin another extension's text.
    if (name.find(',') != std::string::npos) return invalid("'" + name + "' is no host name");
    all += (all.empty() ? "" : ",") + std::string(is_ip_address(name) ? "IP:" : "DNS:") + name;
  }
  const bool done =
      add_extension(made.get(), signer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(made.get(), signer.get(), NID_key_usage, "critical,digitalSignature") &&
      add_extension(made.get(), signer.get(), NID_ext_key_usage, "serverAuth") &&
      add_extension(made.get(), signer.get(), NID_subject_key_identifier, "hash") &&
      add_extension(made.get(), signer.get(), NID_authority_key_identifier, "keyid:always") &&
      add_extension(made.get(), signer.get(), NID_subject_alt_name, all) &&
      sign(made.get(), signer.get(), ca_key.get());
  if (!done) return invalid("cannot make a certificate for " + all);
  return CertifiedKey{pem_of(made.get()), pem_of_key(key.get())};
}

Result<CertificateFacts> read_certificate(const std::string& pem) {
  const auto certificates = read_certificates(pem);
  if (certificates.empty()) return invalid("there is no certificate (PEM)");
  X509* certificate = certificates.front().get();
  return CertificateFacts{names_of(certificate), time_of(X509_get0_notAfter(certificate)),
                          hex(X509_get0_subject_key_id(certificate)),
                          hex(X509_get0_authority_key_id(certificate))};
}

Status check_key(const CertifiedKey& pair) {
  const auto certificates = read_certificates(pair.certificate_pem);
  if (certificates.empty()) return invalid("there is no certificate (PEM)");
  const OpensslOwned<EVP_PKEY> key = read_key(pair.key_pem);
  if (key == nullptr) return invalid("there is no private key (PEM)");
  if (X509_check_private_key(certificates.front().get(), key.get()) != 1) {
    return invalid("the private key is not that of the certificate");
  }
  return ok_status();
}

}  // namespace duru::http

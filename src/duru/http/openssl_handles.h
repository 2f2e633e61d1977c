// Owners of what OpenSSL allocates, and PEM. Inside this folder, in its sources only.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace duru::http {

struct OpensslFree {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_EXTENSION* p) const { X509_EXTENSION_free(p); }
};
template <class T>
using OpensslOwned = std::unique_ptr<T, OpensslFree>;

inline OpensslOwned<BIO> reader_of(const std::string& text) {
  return OpensslOwned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// All certificates in the PEM, in their order; none if there is none.
std::vector<OpensslOwned<X509>> read_certificates(const std::string& pem);
// Null if it is none. Asks nobody for a passphrase.
OpensslOwned<EVP_PKEY> read_key(const std::string& pem);
std::string pem_of(X509* certificate);
std::string fingerprint_of(const X509* certificate);

}  // namespace duru::http

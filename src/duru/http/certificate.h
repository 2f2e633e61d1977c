// X.509 certificates as Duru makes and reads them: a CA of our own, and what it signs.
//
//   auto ca = make_ca("duru ca abcdefgh", {now, now + years});
//   auto server = issue(ca.value(), {"127.0.0.1", "gateway"}, {now, now + year});
//   std::string told = fingerprint_of(ca.value().certificate_pem).value();  // 32 characters
//
// Keys are ECDSA P-256, which every TLS implementation takes. Names are host names or IP addresses;
// they stand in the certificate as its subject alternative names. All errors are kInvalid: PEM that
// is none, or a key that is not the certificate's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "duru/base/result.h"
#include "duru/base/units.h"

namespace duru::http {

struct Validity {
  Timestamp from;
  Timestamp until;
};

struct CertifiedKey {
  std::string certificate_pem;
  std::string key_pem;
};

struct CertificateFacts {
  std::vector<std::string> names;  // sorted
  Timestamp until;
  std::string key_id;     // of its key; hexadecimal
  std::string signer_id;  // of the key that signed it
};

// A CA that signs servers' certificates and no other CA; for a key that is there already, if given.
Result<CertifiedKey> make_ca(const std::string& name, const Validity& validity,
                             const std::string& key_pem = "");
// A certificate with which a server answers to these names.
Result<CertifiedKey> issue(const CertifiedKey& ca, const std::vector<std::string>& names,
                           const Validity& validity);

// Of the first certificate in the PEM.
Result<CertificateFacts> read_certificate(const std::string& pem);
Status check_key(const CertifiedKey& pair);

// The first 160 bits of the SHA-256 of the (first) certificate, as 32 characters of base32: short
// enough to be typed, long enough that nobody finds another certificate with the same.
Result<std::string> fingerprint_of(const std::string& certificate_pem);

}  // namespace duru::http

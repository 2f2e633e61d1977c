// Whether a release may run here: its manifest is exactly what the digest names, the installation's
// key signed those bytes, and what it says makes sense. Nothing of it is believed before.
//
//   auto manifest = verified_manifest(bytes, revision.current, identity.release_key);
//
// kDamaged: other bytes than the digest's, fetch them again. kDenied: the signature is not the
// key's. kInvalid, kUnsupported: signed, but nothing that this build can run.
#pragma once

#include <string>
#include <string_view>

#include "duru/base/result.h"
#include "duru/domain/field.h"
#include "duru/domain/service.h"

namespace duru::agent {

Result<Manifest> verified_manifest(std::string_view bytes, const ReleaseRef& release,
                                   const std::string& release_key_hex);

}  // namespace duru::agent

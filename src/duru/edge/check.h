// Whether what was applied may be: all of it is looked at before anything changes.
#pragma once

#include "duru/domain/rejection.h"
#include "duru/edge/state.h"

namespace duru {

constexpr std::size_t kSignatureLength = 128;  // of Ed25519, in hexadecimal digits

// Empty when all is well: names, spans, shares, references, digests; nothing of an old name with
// another content; one unfinished rollout a fleet; every node's chip is one that the release was
// built for. Fleets and releases may be in the command itself.
Rejection check(const EdgeState& state, const ApplyField& command);

// Of one manifest (check_manifest.cc). `at` is its JSON pointer.
Rejection check_manifest(const Manifest& manifest, const std::string& at);

// Labels and selectors: names with short values; "" when they are well, else what is wrong.
std::string fault_in_labels(const std::map<std::string, std::string>& labels);

// Not given, or from `low` to `high`.
bool is_within(const std::optional<Milliseconds>& span, Milliseconds low, Milliseconds high);

Rejection invalid(std::string pointer, std::string detail, std::string help);

}  // namespace duru

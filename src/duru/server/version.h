// The version of this build, as `duru version`, TermStarted and /v1/version say it.
#pragma once

namespace duru {

inline constexpr const char* kDuruVersion = "0.1.0";

}  // namespace duru

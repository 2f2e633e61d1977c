// The server's own log: one line an event on stderr, `2026-11-24T22:51:32.123Z warn  …`. What a
// caller did wrong is answered, not logged; what happened to work is in the journal, not here.
#pragma once

#include <string>

namespace duru {

void log_info(const std::string& message);
void log_warn(const std::string& message);
void log_error(const std::string& message);

}  // namespace duru

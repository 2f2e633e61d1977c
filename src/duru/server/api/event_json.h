// An event of the field as the API shows it: one JSON object a line.
#pragma once

#include <string>

#include "duru/history/records.h"

namespace duru {

std::string event_json(const HistoryEvent& event);

}  // namespace duru

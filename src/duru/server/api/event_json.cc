#include "duru/server/api/event_json.h"

#include "duru/base/json.h"

namespace duru {
namespace {

std::string quoted(const std::string& text) {
  std::string out;
  write_json_string(text, out);
  return out;
}

}  // namespace

// The body is JSON already, an object.
std::string event_json(const HistoryEvent& event) {
  return "{\"seq\":" + std::to_string(event.seq) + ",\"node\":" + quoted(event.node) +
         ",\"fleet\":" + quoted(event.fleet) + ",\"number\":" + std::to_string(event.event.number) +
         ",\"at\":\"" + format_timestamp(event.event.at) + "\",\"uncertainty\":\"" +
         format_duration(event.event.uncertainty) + "\",\"recorded_at\":\"" +
         format_timestamp(event.recorded_at) + "\",\"body\":" + event.event.body + "}";
}

}  // namespace duru

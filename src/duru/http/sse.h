// Server-sent events: the text that a watch stream is made of, written and read.
//
//   stream.write(sse_event("job", "42", R"({"id":…})"));   // event, id, data
//   stream.write(sse_comment("heartbeat"));
//
//   SseParser parser;
//   parser.feed(bytes, [](const SseEvent& event) { …; return true; });
//
// Guarantees: what sse_event() writes, SseParser reads back the same, however the bytes were cut;
// line ends in data are kept as "\n". An event without data is not delivered, as the standard says.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "duru/base/result.h"

namespace duru::http {

struct SseEvent {
  std::string event;  // "message" when the stream named none
  std::string id;     // the last id seen so far, also on events that carry none of their own
  std::string data;
  bool operator==(const SseEvent&) const = default;
};

// Line ends and NULs in `event` and `id` become spaces. An empty event or id is left out.
std::string sse_event(std::string_view event, std::string_view id, std::string_view data);
std::string sse_comment(std::string_view text);

class SseParser {
 public:
  explicit SseParser(std::size_t event_bytes_max = 16 * 1024 * 1024)
      : event_bytes_max_(event_bytes_max) {}

  // Calls `on_event` for each event that these bytes complete; false from it stops, and the rest of
  // the bytes is lost. kExhausted when one event is larger than the limit.
  Status feed(std::string_view bytes, const std::function<bool(const SseEvent&)>& on_event);
  const std::string& last_event_id() const { return last_id_; }

 private:
  bool take_line(std::string_view line, const std::function<bool(const SseEvent&)>& on_event);

  const std::size_t event_bytes_max_;
  std::string line_;
  bool at_start_ = true;
  bool after_carriage_return_ = false;
  std::string event_;
  std::string data_;
  bool has_data_ = false;
  std::string last_id_;
};

}  // namespace duru::http

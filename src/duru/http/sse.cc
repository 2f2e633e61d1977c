#include "duru/http/sse.h"

#include <algorithm>
#include <utility>

namespace duru::http {
namespace {

void append_one_line(std::string& out, std::string_view text) {
  for (const char c : text) out += (c == '\r' || c == '\n' || c == '\0') ? ' ' : c;
  out += '\n';
}

// Cuts the first line off `rest`; "\r\n", "\n" and "\r" end a line.
std::string_view take_line_of(std::string_view& rest) {
  const std::size_t end = rest.find_first_of("\r\n");
  const std::string_view line = rest.substr(0, end);
  if (end == std::string_view::npos) {
    rest = {};
  } else {
    const bool both = rest[end] == '\r' && end + 1 < rest.size() && rest[end + 1] == '\n';
    rest.remove_prefix(end + (both ? 2 : 1));
  }
  return line;
}

}  // namespace

std::string sse_event(std::string_view event, std::string_view id, std::string_view data) {
  std::string out;
  out.reserve(data.size() + event.size() + id.size() + 32);
  if (!id.empty()) append_one_line(out += "id: ", id);
  if (!event.empty()) append_one_line(out += "event: ", event);
  bool more = true;
  while (more) {
    more = data.find_first_of("\r\n") != std::string_view::npos;
    out += "data: ";
    out += take_line_of(data);
    out += '\n';
  }
  return out += '\n';
}

std::string sse_comment(std::string_view text) {
  std::string out = ": ";
  append_one_line(out, text);
  return out += '\n';
}

Status SseParser::feed(std::string_view bytes,
                       const std::function<bool(const SseEvent&)>& on_event) {
  while (!bytes.empty()) {
    if (std::exchange(after_carriage_return_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = bytes.find_first_of("\r\n");
    const std::string_view piece = bytes.substr(0, end);
    if (line_.size() + data_.size() + piece.size() > event_bytes_max_) {
      return Error{
          ErrorCode::kExhausted,
          "an event of the stream is larger than " + std::to_string(event_bytes_max_) + " bytes",
          false, false};
    }
    line_ += piece;
    if (end == std::string_view::npos) break;
    after_carriage_return_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (!take_line(std::exchange(line_, {}), on_event)) break;
  }
  return ok_status();
}

bool SseParser::take_line(std::string_view line,
                          const std::function<bool(const SseEvent&)>& on_event) {
  if (std::exchange(at_start_, false) && line.substr(0, 3) == "\xEF\xBB\xBF") line.remove_prefix(3);
  if (line.empty()) {
    const SseEvent event{event_.empty() ? "message" : std::exchange(event_, {}), last_id_,
                         std::exchange(data_, {})};
    event_.clear();
    return !std::exchange(has_data_, false) || on_event(event);
  }
  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (field == "event") {
    event_ = std::string(value);
  } else if (field == "data") {
    if (std::exchange(has_data_, true)) data_ += '\n';
    data_ += value;
  } else if (field == "id" && value.find('\0') == std::string_view::npos) {
    last_id_ = std::string(value);
  }
  return true;
}

}  // namespace duru::http

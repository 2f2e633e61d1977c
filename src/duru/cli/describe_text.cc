#include "duru/cli/describe_text.h"

#include <algorithm>
#include <boost/json.hpp>

#include "duru/cli/columns.h"
#include "duru/cli/json_access.h"
#include "duru/cli/size_text.h"
#include "duru/cli/time_text.h"
#include "duru/cli/yaml_text.h"

namespace duru::cli {
namespace {

namespace bj = boost::json;

bool is_empty(const bj::value& value) {
  if (value.is_null()) return true;
  if (value.is_string()) return value.get_string().empty();
  if (value.is_array()) return value.get_array().empty();
  return value.is_object() && value.get_object().empty();
}

bool holds_only_scalars(const bj::array& list) {
  return std::none_of(list.begin(), list.end(),
                      [](const bj::value& item) { return item.is_structured(); });
}

constexpr std::string_view kBytesEnding = "_bytes";

bool ends_in_bytes(std::string_view name) {
  return name.size() > kBytesEnding.size() &&
         name.substr(name.size() - kBytesEnding.size()) == kBytesEnding;
}

// A number of bytes is shown in units: "memory_bytes: 85899345920" as "memory: 80GiB".
bool counts_bytes(std::string_view name, const bj::value& value) {
  const bool named = name == "memory" || name == "memory_free" || name == "size";
  return value.is_int64() && (named || ends_in_bytes(name));
}
std::string label_of(std::string_view name) {
  return std::string(ends_in_bytes(name) ? name.substr(0, name.size() - kBytesEnding.size())
                                         : name);
}

// Without the members that have no value.
bj::value pruned(const bj::value& value) {
  if (value.is_array()) {
    bj::array list;
    for (const bj::value& item : value.get_array()) list.push_back(pruned(item));
    return list;
  }
  if (!value.is_object()) return value;
  bj::object object;
  for (const auto& [key, member] : value.get_object()) {
    const std::string_view name(key.data(), key.size());
    if (counts_bytes(name, member)) {
      object[label_of(name)] = size_text(Bytes(member.get_int64()));
      continue;
    }
    bj::value inner = pruned(member);
    if (!is_empty(inner)) object[key] = std::move(inner);
  }
  return object;
}

std::string indented(const std::string& lines) {
  std::string out;
  for (std::size_t from = 0; from < lines.size();) {
    const std::size_t end = lines.find('\n', from);
    out += "  " + lines.substr(from, end - from) + "\n";
    from = end + 1;
  }
  return out;
}

void append_field(const std::string& name, const bj::value& field, std::string& out) {
  const bool is_size = counts_bytes(name, field);
  const bj::value value = is_size ? bj::value(size_text(Bytes(field.get_int64()))) : pruned(field);
  if (is_empty(value)) return;
  const std::string label = printable(is_size ? label_of(name) : name) + ":";
  if (value.is_object() || (value.is_array() && !holds_only_scalars(value.get_array()))) {
    out += label + "\n" + indented(to_yaml(value));
    return;
  }
  std::string text;
  if (value.is_array()) {
    for (const bj::value& item : value.get_array()) {
      text += (text.empty() ? "" : ", ") + scalar_text(item);
    }
  } else {
    text = scalar_text(value);
  }
  out += label + " " + printable(text) + "\n";
}

std::string task_rows(const bj::value& attempt, bool colored) {
  Table table({"  TASK", "NODE", "ACCELERATORS", "STARTED", "ENDED", "CAUSE", "EXIT", "MESSAGE"});
  for (const bj::value& task : list_of(attempt, "tasks")) {
    const std::string cause = text_of(task, "cause");
    table.add({{"  " + text_of(task, "task")},
               {text_of(task, "node")},
               {joined_list(task, "accelerators")},
               {text_of(task, "started_at")},
               {text_of(task, "ended_at")},
               {cause.empty() ? "runs" : cause, color_of_state(cause)},
               {exit_text(task)},
               {text_of(task, "message")}});
  }
  return table.empty() ? "" : table.text(true, colored);
}

std::string attempt_text(const bj::value& attempt, bool colored) {
  std::string text = "attempt " + text_of(attempt, "attempt") + ": " + text_of(attempt, "outcome");
  const std::string chip = chip_text(attempt);
  if (chip != "-") text += " on " + chip;
  const std::string message = text_of(attempt, "message");
  if (!message.empty()) text += ": " + printable(message);
  text += "\n  decided " + text_of(attempt, "decided_at");
  const std::string ended = text_of(attempt, "ended_at");
  if (!ended.empty()) text += ", ended " + ended;
  return text + "\n" + task_rows(attempt, colored);
}

// What a zero stands for, in words.
bj::value worded(const bj::value& spec) {
  bj::value out = spec;
  if (!out.is_object()) return out;
  if (number_of(spec, "memory") == 0) out.get_object()["memory"] = "unreserved";
  if (text_of(spec, "time_limit") == "0s") out.get_object()["time_limit"] = "none";
  return out;
}

// How long its ended attempts ran, from the first start to the last end of each; "" if none did.
std::string ran_text(const bj::value& detail) {
  Milliseconds total;
  int count = 0;
  for (const bj::value& attempt : list_of(detail, "attempts")) {
    std::optional<Timestamp> from;
    std::optional<Timestamp> to;
    for (const bj::value& task : list_of(attempt, "tasks")) {
      const auto started = time_of(task, "started_at");
      const auto ended = time_of(task, "ended_at");
      if (!started.has_value() || !ended.has_value()) continue;
      from = std::min(from.value_or(*started), *started);
      to = std::max(to.value_or(*ended), *ended);
    }
    if (!from.has_value()) continue;
    total += since(*to, *from);
    ++count;
  }
  if (count == 0) return "";
  return "ran: " + short_span(total) +
         (count == 1 ? "" : " in " + std::to_string(count) + " attempts") + "\n";
}

}  // namespace

std::string describe_fields(const bj::value& object) {
  std::string out;
  if (!object.is_object()) return printable(scalar_text(object)) + "\n";
  // A job that is queued again holds no more what its last attempt held.
  const bool holds_nothing = text_of(object, "state") == "queued";
  for (const auto& [key, value] : object.get_object()) {
    const std::string name(key.data(), key.size());
    if (holds_nothing && (name == "chip" || name == "nodes" || name == "emulated")) continue;
    const bool marked = name == "chip" && flag_of(object, "emulated");
    append_field(name, marked ? bj::value(chip_text(object)) : value, out);
  }
  return out;
}

std::string describe_job(const bj::value& detail, bool colored) {
  const bj::value* job = member_of(detail, "job");
  if (job == nullptr) return describe_fields(detail);
  std::string out = describe_fields(*job) + ran_text(detail);
  for (const char* more : {"principal", "after", "outputs", "spec"}) {
    if (const bj::value* value = member_of(detail, more)) append_field(more, worded(*value), out);
  }
  for (const bj::value& attempt : list_of(detail, "attempts")) {
    out += "\n" + attempt_text(attempt, colored);
  }
  return out;
}

}  // namespace duru::cli

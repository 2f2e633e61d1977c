#include "duru/cli/rollout_text.h"

#include <boost/json.hpp>

#include "duru/cli/json_access.h"
#include "duru/cli/kinds.h"

namespace duru::cli {
namespace {

using Json = boost::json::value;

void add_line(std::string& out, const std::string& name, const std::string& text) {
  if (text.empty()) return;
  out += name + ":" + std::string(name.size() < 10 ? 10 - name.size() : 1, ' ') + text + "\n";
}

std::string waves_text(const Json& detail, bool colored) {
  Table table(
      {"WAVE", "STATE", "NODES", "PROVEN", "FAILED", "SILENT", "NEEDED", "FAILURES-ALLOWED"});
  const auto number = [](const Json& wave, const char* field) {
    return Cell{text_of(wave, field), Color::kNone, true};
  };
  for (const Json& wave : list_of(detail, "waves")) {
    const std::string state = text_of(wave, "state");
    table.add({number(wave, "wave"),
               {state, color_of_state(state)},
               number(wave, "node_count"),
               number(wave, "proven_count"),
               number(wave, "failed_count"),
               number(wave, "silent_count"),
               number(wave, "needed_count"),
               number(wave, "failures_allowed")});
  }
  return table.text(true, colored);
}

// "wave 1: cam-1, cam-2"; of a rollout that goes on.
std::string members_text(const Json& detail) {
  std::string text;
  for (const Json& wave : list_of(detail, "waves")) {
    const auto named = static_cast<std::int64_t>(list_of(wave, "nodes").size());
    if (named == 0) continue;
    text += "wave " + text_of(wave, "wave") + ": " + printable(joined_list(wave, "nodes"));
    const std::int64_t left = number_of(wave, "node_count").value_or(0) - named;
    if (left > 0) text += " and " + std::to_string(left) + " more";
    text += "\n";
  }
  return text.empty() ? "" : "\n" + text;
}

std::string behind_text(const Json& detail, bool colored) {
  const auto& behind = list_of(detail, "behind");
  if (behind.empty()) return "";
  Table table({"BEHIND", "WAVE", "LINK", "SERVING", "WHY"});
  for (const Json& node : behind) {
    const std::string serving = text_of(node, "serving");
    table.add({{text_of(node, "node")},
               {text_of(node, "wave"), Color::kNone, true},
               {text_of(node, "link")},
               {serving.empty() ? "-" : serving},
               {text_of(node, "why")}});
  }
  std::string text = "\n" + table.text(true, colored);
  const auto count = number_of(detail, "behind_count").value_or(0);
  if (count > static_cast<std::int64_t>(behind.size())) {
    text += "and " + std::to_string(count - static_cast<std::int64_t>(behind.size())) + " more\n";
  }
  return text;
}

}  // namespace

std::string describe_rollout(const Json& detail, bool colored) {
  const Json empty(boost::json::object{});
  const Json* found = member_of(detail, "rollout");
  const Json& rollout = found == nullptr ? empty : *found;
  std::string out;
  add_line(out, "rollout", text_of(rollout, "name"));
  add_line(out, "fleet", text_of(rollout, "fleet"));
  add_line(out, "release", text_of(rollout, "release"));
  add_line(out, "state", text_of(rollout, "state"));
  add_line(out, "reason", text_of(rollout, "reason"));
  add_line(out, "bakes to", text_of(rollout, "bake_until"));
  add_line(out, "begun", text_of(rollout, "defined_at"));
  add_line(out, "ended", text_of(rollout, "ended_at"));
  return out + "\n" + waves_text(detail, colored) + members_text(detail) +
         behind_text(detail, colored);
}

}  // namespace duru::cli

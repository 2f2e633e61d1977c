#include <boost/json.hpp>

#include "duru/cli/columns.h"
#include "duru/cli/json_access.h"
#include "duru/cli/time_text.h"

// Columns of what belongs to the field.
namespace duru::cli {
namespace {

using Json = boost::json::value;

#define DURU_CELL(field) [](const Json& o, Timestamp) -> Cell { return {text_of(o, field)}; }
#define DURU_NUMBER(field) \
  [](const Json& o, Timestamp) -> Cell { return {text_of(o, field), Color::kNone, true}; }

Cell age_cell(const Json& object, Timestamp now) {
  return {age(time_of(object, "defined_at"), now), Color::kNone, true};
}

std::string figure_text(const Json& object) {
  const std::string release = text_of(object, "release");
  return text_of(object, "node_count") + " × " + (release.empty() ? "nothing" : release);
}

// "2 × smoke-2, 1 × smoke-1"
Cell serving_cell(const Json& object, Timestamp) {
  std::string text;
  for (const Json& item : list_of(object, "serving")) {
    text += (text.empty() ? "" : ", ") + figure_text(item);
  }
  return {text};
}

Cell name_cell(const Json& node, Timestamp) {
  return {text_of(node, "name") + (flag_of(node, "emulated") ? " (emulated)" : "")};
}

Cell phase_cell(const Json& node, Timestamp) {
  const std::string phase = field_text(node, "phase");
  return {phase, color_of_state(phase)};
}

Cell since_cell(const Json& node, Timestamp now) {
  const Json* field = member_of(node, "field");
  return {field == nullptr ? "" : age(time_of(*field, "since"), now), Color::kNone, true};
}

// What the node says, else why it is in its state.
Cell detail_cell(const Json& node, Timestamp) {
  const std::string detail = field_text(node, "detail");
  return {detail.empty() ? text_of(node, "reason") : detail};
}

Cell selector_cell(const Json& object, Timestamp) {
  const Json* selector = member_of(object, "selector");
  std::string text;
  if (selector == nullptr || !selector->is_object()) return {text};
  for (const auto& pair : selector->get_object()) {
    text += (text.empty() ? "" : ",") + std::string(pair.key()) + "=" + scalar_text(pair.value());
  }
  return {text};
}

Cell state_cell(const Json& object, Timestamp) {
  const std::string state = text_of(object, "state");
  return {state, color_of_state(state)};
}

Cell wave_cell(const Json& object, Timestamp) {
  return {text_of(object, "wave") + "/" + text_of(object, "wave_count"), Color::kNone, true};
}

Cell manifest_cell(const Json& object, const char* field) {
  const Json* manifest = member_of(object, "manifest");
  return {manifest == nullptr ? "" : joined_list(*manifest, field)};
}

}  // namespace

std::string field_text(const Json& node, std::string_view name) {
  const Json* field = member_of(node, "field");
  return field == nullptr || !field->is_object() ? "" : text_of(*field, name);
}

#define DURU_FIELD_CELL(name) [](const Json& o, Timestamp) -> Cell { return {field_text(o, name)}; }

std::vector<Column> fleet_node_columns() {
  return {
      {"NAME", name_cell},
      {"STATE", state_cell},
      {"LINK", DURU_FIELD_CELL("link")},
      {"WANTED", DURU_FIELD_CELL("wanted")},
      {"SERVING", DURU_FIELD_CELL("release")},
      {"PHASE", phase_cell},
      {"SINCE", since_cell},
      {"DETAIL", detail_cell},
  };
}

#undef DURU_FIELD_CELL

std::vector<Column> fleet_columns() {
  return {
      {"NAME", DURU_CELL("name")},
      {"SELECTOR", selector_cell},
      {"NODES", DURU_NUMBER("node_count")},
      {"RELEASE", DURU_CELL("release")},
      {"SERVING", serving_cell},
      {"DIFFERING", DURU_NUMBER("differing_count")},
      {"ROLLOUT", DURU_CELL("rollout")},
      {"HEARTBEAT", DURU_CELL("heartbeat"), true},
      {"REPORT-EVERY", DURU_CELL("report_every"), true},
      {"CPU", DURU_CELL("cpu"), true},
  };
}

std::vector<Column> release_columns() {
  return {
      {"NAME", DURU_CELL("name")},
      {"SIZE-BYTES", DURU_NUMBER("size_bytes")},
      {"CHIPS", [](const Json& o, Timestamp) -> Cell { return manifest_cell(o, "chips"); }},
      {"COMMAND", [](const Json& o, Timestamp) -> Cell { return manifest_cell(o, "command"); }},
      {"DIGEST", DURU_CELL("digest"), true},
  };
}

std::vector<Column> rollout_columns() {
  return {
      {"NAME", DURU_CELL("name")},
      {"FLEET", DURU_CELL("fleet")},
      {"RELEASE", DURU_CELL("release")},
      {"STATE", state_cell},
      {"WAVE", wave_cell},
      {"NODES", DURU_NUMBER("node_count")},
      {"PROVEN", DURU_NUMBER("proven_count")},
      {"FAILED", DURU_NUMBER("failed_count")},
      {"AGE", age_cell},
      {"REASON", DURU_CELL("reason")},
  };
}

std::vector<Column> event_columns() {
  return {
      {"AT", DURU_CELL("at")},
      {"NODE", DURU_CELL("node")},
      {"NUMBER", DURU_NUMBER("number")},
      {"BODY",
       [](const Json& o, Timestamp) -> Cell {
         const Json* body = member_of(o, "body");
         return {body == nullptr ? "" : json_text(*body)};
       }},
      {"FLEET", DURU_CELL("fleet"), true},
      {"UNCERTAINTY", DURU_CELL("uncertainty"), true},
      {"RECORDED", DURU_CELL("recorded_at"), true},
  };
}

#undef DURU_CELL
#undef DURU_NUMBER

}  // namespace duru::cli

#include "duru/cli/columns.h"

#include <boost/json.hpp>

#include "duru/cli/json_access.h"
#include "duru/cli/size_text.h"
#include "duru/cli/time_text.h"

namespace duru::cli {
namespace {

using Json = boost::json::value;

// A cell that shows one field as it is.
#define DURU_CELL(field) [](const Json& o, Timestamp) -> Cell { return {text_of(o, field)}; }
#define DURU_NUMBER(field) \
  [](const Json& o, Timestamp) -> Cell { return {text_of(o, field), Color::kNone, true}; }

Cell state_cell(const Json& object, Timestamp) {
  const std::string state = text_of(object, "state");
  return {state, color_of_state(state)};
}
Cell chip_cell(const Json& object, Timestamp) { return {chip_text(object)}; }
Cell name_cell(const Json& object, Timestamp) {
  const std::string name = text_of(object, "name");
  return {flag_of(object, "emulated") ? name + " (emulated)" : name};
}

// Since when it waits, or waited for its last attempt, and when that began (job_times.h).
std::optional<Timestamp> queued_time(const Json& job) {
  const auto again = time_of(job, "last_queued_at");
  return again.has_value() ? again : time_of(job, "submitted_at");
}
std::optional<Timestamp> start_time(const Json& job) {
  const bool again = time_of(job, "last_queued_at").has_value();
  return time_of(job, again ? "last_started_at" : "started_at");
}

Cell waited_cell(const Json& job, Timestamp now) {
  const auto queued = queued_time(job);
  if (!queued.has_value()) return {};
  auto until = start_time(job);
  if (!until.has_value()) until = time_of(job, "ended_at");
  return {short_span(since(until.value_or(now), *queued)), Color::kNone, true};
}
Cell ran_cell(const Json& job, Timestamp now) {
  const auto started = start_time(job);
  if (!started.has_value()) return {"-", Color::kNone, true};
  return {short_span(since(time_of(job, "ended_at").value_or(now), *started)), Color::kNone, true};
}

std::string free_of(const Json& object, const char* free, const char* all) {
  return text_of(object, free) + "/" + text_of(object, all);
}

std::string memory_text(const Json& object, const char* field) {
  const auto bytes = number_of(object, field);
  return bytes.has_value() ? size_text(Bytes(*bytes)) : "";
}

// What the last attempt held, a job that is queued again holds no more.
bool holds(const Json& job) { return text_of(job, "state") != "queued"; }

std::string figure(const Json& object, const char* value, const char* kind) {
  const std::string text = text_of(object, value);
  return text.empty() ? "" : text + " (" + text_of(object, kind) + ")";
}

}  // namespace

std::string exit_text(const Json& object) {
  if (flag_of(object, "lost") || text_of(object, "cause") == "lost") return "lost";
  const std::string signal = text_of(object, "signal");
  return signal.empty() ? text_of(object, "exit_code") : "signal " + signal;
}

std::vector<Column> job_columns() {
  return {
      {"NAME", DURU_CELL("name")},
      {"ID", DURU_CELL("id")},
      {"KIND", DURU_CELL("kind")},
      {"STATE", state_cell},
      {"REASON", DURU_CELL("reason")},
      {"CHIP", [](const Json& o, Timestamp) -> Cell { return {holds(o) ? chip_text(o) : ""}; }},
      {"WAITED", waited_cell},
      {"RAN", ran_cell},
      {"EXIT",
       [](const Json& o, Timestamp) -> Cell {
         return {exit_text(o), Color::kNone, true};
       }},
      {"AGE",
       [](const Json& o, Timestamp now) -> Cell {
         return {age(time_of(o, "submitted_at"), now), Color::kNone, true};
       }},
      {"TRACK", DURU_CELL("track"), true},
      {"TASKS", DURU_NUMBER("tasks"), true},
      {"ATTEMPTS", DURU_NUMBER("attempt_count"), true},
      {"PRIORITY", DURU_NUMBER("priority"), true},
      {"NODES",
       [](const Json& o, Timestamp) -> Cell { return {holds(o) ? joined_list(o, "nodes") : ""}; },
       true},
      {"SUBMITTED", DURU_CELL("submitted_at"), true},
      {"MESSAGE", DURU_CELL("message"), true},
  };
}

std::vector<Column> attempt_columns() {
  return {
      {"JOB", DURU_CELL("job_name")},
      {"ATTEMPT", DURU_NUMBER("attempt")},
      {"CHIP", chip_cell},
      {"OUTCOME",
       [](const Json& o, Timestamp) -> Cell {
         const std::string outcome = text_of(o, "outcome");
         return {outcome, color_of_state(outcome)};
       }},
      {"TASKS",
       [](const Json& o, Timestamp) -> Cell {
         return {std::to_string(list_of(o, "tasks").size()), Color::kNone, true};
       }},
      {"DECIDED", DURU_CELL("decided_at")},
      {"ENDED", DURU_CELL("ended_at")},
      {"JOB-ID", DURU_CELL("job"), true},
      {"MESSAGE", DURU_CELL("message"), true},
  };
}

std::vector<Column> node_columns() {
  return {
      {"NAME", name_cell},
      {"SITE", DURU_CELL("site")},
      {"STATE", state_cell},
      {"CPU-FREE",
       [](const Json& o, Timestamp) -> Cell { return {free_of(o, "cpu_free", "cpu")}; }},
      {"MEMORY-FREE",
       [](const Json& o, Timestamp) -> Cell {
         return {memory_text(o, "memory_free") + "/" + memory_text(o, "memory")};
       }},
      {"ACCELERATORS-FREE",
       [](const Json& o, Timestamp) -> Cell {
         return {free_of(o, "accelerator_free_count", "accelerator_count")};
       }},
      {"TASKS", DURU_NUMBER("task_count")},
      {"CHIPS", DURU_CELL("chips")},
      {"FLEET", [](const Json& o, Timestamp) -> Cell { return {field_text(o, "fleet")}; }, true},
      {"LINK", [](const Json& o, Timestamp) -> Cell { return {field_text(o, "link")}; }, true},
      {"WANTED", [](const Json& o, Timestamp) -> Cell { return {field_text(o, "wanted")}; }, true},
      {"SERVING", [](const Json& o, Timestamp) -> Cell { return {field_text(o, "release")}; },
       true},
      {"PHASE", [](const Json& o, Timestamp) -> Cell { return {field_text(o, "phase")}; }, true},
      {"REASON", DURU_CELL("reason"), true},
      {"JOINED", DURU_CELL("joined_at"), true},
  };
}

std::vector<Column> accelerator_columns() {
  return {
      {"NAME", DURU_CELL("name")},
      {"CHIP", chip_cell},
      {"TRACK", DURU_CELL("track")},
      {"STATE", state_cell},
      {"JOB", DURU_CELL("job")},
      {"REASON", DURU_CELL("reason")},
      {"JOB-ID", DURU_CELL("job_id"), true},
      {"PCI-ADDRESS", DURU_CELL("pci_address"), true},
  };
}

std::vector<Column> chip_columns() {
  return {
      {"NAME", DURU_CELL("name")},
      {"ALIASES", [](const Json& o, Timestamp) -> Cell { return {joined_list(o, "aliases")}; }},
      {"VENDOR", DURU_CELL("vendor")},
      {"ORIGIN", DURU_CELL("origin")},
      {"TRACK", DURU_CELL("track")},
      {"MEMORY",
       [](const Json& o, Timestamp) -> Cell {
         const bool is_known = number_of(o, "memory_bytes").value_or(0) > 0;
         return {is_known ? memory_text(o, "memory_bytes") : "", Color::kNone, true};
       }},
      {"IN-FLEET", DURU_NUMBER("accelerator_count")},
      {"EMULATED", DURU_NUMBER("emulated_count")},
      {"WATTS", [](const Json& o, Timestamp) -> Cell { return {figure(o, "watts", "watts_kind")}; },
       true},
      {"CREDITS/H",
       [](const Json& o, Timestamp) -> Cell {
         return {figure(o, "price_credits_per_hour", "price_kind")};
       },
       true},
  };
}

std::vector<Column> site_columns() {
  return {
      {"NAME", DURU_CELL("name")},
      {"OWNER", DURU_CELL("owner")},
      {"ENGINE", DURU_CELL("engine")},
      {"NODES", DURU_NUMBER("node_count")},
      {"ACCELERATORS", DURU_NUMBER("accelerator_count")},
  };
}

#undef DURU_CELL
#undef DURU_NUMBER

}  // namespace duru::cli

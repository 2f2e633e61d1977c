#include "duru/cli/kinds.h"

#include <boost/json.hpp>

#include "duru/cli/columns.h"
#include "duru/cli/json_access.h"

namespace duru::cli {

const std::vector<KindInfo>& all_kinds() {
  static const std::vector<KindInfo> kinds = {
      {"job", "jobs", true, true, true, job_columns()},
      {"attempt", "attempts", true, false, true, attempt_columns()},
      {"node", "nodes", false, true, true, node_columns()},
      {"accelerator", "accelerators", false, true, true, accelerator_columns()},
      {"chip", "chips", false, false, false, chip_columns()},
      {"site", "sites", false, false, false, site_columns()},
      {"fleet", "fleets", false, false, true, fleet_columns()},
      {"release", "releases", false, false, true, release_columns()},
      {"rollout", "rollouts", false, true, true, rollout_columns()},
      {"event", "events", false, false, false, event_columns()},
  };
  return kinds;
}

const KindInfo* find_kind_info(std::string_view name) {
  for (const KindInfo& kind : all_kinds()) {
    if (kind.singular == name || kind.plural == name) return &kind;
  }
  return nullptr;
}

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const KindInfo& kind : all_kinds()) {
    names.push_back(kind.plural);
    names.push_back(kind.singular);
  }
  return names;
}

std::string list_path(const KindInfo& kind, const std::string& project) {
  return kind.in_project ? path_of({"v1", "projects", project, kind.plural})
                         : path_of({"v1", kind.plural});
}

std::string single_path(const KindInfo& kind, const std::string& project, const std::string& name) {
  std::string path = list_path(kind, project);
  const std::size_t slash = name.rfind('/');
  if (kind.singular != "accelerator" || slash == std::string::npos) return path + path_of({name});
  return path + path_of({name.substr(0, slash), name.substr(slash + 1)});
}

std::string name_of(const KindInfo& kind, const boost::json::value& object) {
  if (kind.singular == "job") return text_of(object, "id");
  if (kind.singular == "attempt") {
    return text_of(object, "job") + "/" + text_of(object, "attempt");
  }
  if (kind.singular == "event") return text_of(object, "node") + "/" + text_of(object, "number");
  return text_of(object, "name");
}

const boost::json::value& listed_of(const KindInfo& kind, const boost::json::value& answer) {
  const boost::json::value* listed = member_of(answer, kind.singular);
  return listed == nullptr || !listed->is_object() ? answer : *listed;
}

std::string without_kind(const KindInfo& kind, const std::string& name) {
  for (const std::string_view prefix :
       {std::string_view(kind.singular), std::string_view(kind.plural)}) {
    if (name.size() <= prefix.size() || name.compare(0, prefix.size(), prefix) != 0) continue;
    if (name[prefix.size()] != '/') continue;
    std::string rest = name.substr(prefix.size() + 1);
    const bool is_whole = kind.singular != "accelerator" || rest.find('/') != std::string::npos;
    return is_whole ? rest : name;
  }
  return name;
}

bool is_named(const KindInfo& kind, const boost::json::value& object, const std::string& name) {
  if (kind.singular == "attempt") {
    return text_of(object, "job") == name || text_of(object, "job_name") == name ||
           name_of(kind, object) == name;
  }
  if (text_of(object, "name") == name || text_of(object, "id") == name) return true;
  for (const auto& alias : list_of(object, "aliases")) {
    if (scalar_text(alias) == name) return true;
  }
  return false;
}

Table empty_table(const KindInfo& kind, Output output) {
  std::vector<std::string> headers;
  for (const Column& column : kind.columns) {
    if (!column.wide_only || output == Output::kWide) headers.push_back(column.header);
  }
  return Table(std::move(headers));
}

void add_row(Table& table, const KindInfo& kind, Output output, const boost::json::value& object,
             Timestamp now) {
  std::vector<Cell> row;
  for (const Column& column : kind.columns) {
    if (column.wide_only && output != Output::kWide) continue;
    Cell cell = column.cell(object, now);
    if (cell.text.empty()) cell.text = "-";
    row.push_back(std::move(cell));
  }
  table.add(std::move(row));
}

Color color_of_state(std::string_view state) {
  for (std::string_view good :
       {"succeeded", "running", "ready", "free", "used", "completed", "done", "serving"}) {
    if (state == good) return Color::kGood;
  }
  for (std::string_view bad :
       {"failed", "expired", "lost", "down", "unhealthy", "time_limit", "returned", "revoked"}) {
    if (state == bad) return Color::kBad;
  }
  for (std::string_view over : {"cancelled", "stopped", "skipped"}) {
    if (state == over) return Color::kDim;
  }
  return Color::kWaiting;
}

std::string chip_text(const boost::json::value& object) {
  const std::string chip = text_of(object, "chip");
  if (chip.empty()) return "-";
  return flag_of(object, "emulated") ? chip + " (emulated)" : chip;
}

}  // namespace duru::cli

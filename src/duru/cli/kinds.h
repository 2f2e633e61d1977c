// The kinds of things that `get` and `describe` show: where the API has them, and their columns.
//
//   const KindInfo* kind = find_kind_info("jobs");     // or "job"
//   Table table = table_of(*kind, items, Output::kWide, now);
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "duru/base/units.h"
#include "duru/cli/context.h"
#include "duru/cli/table.h"

namespace duru::cli {

struct Column {
  std::string header;
  Cell (*cell)(const boost::json::value& object, Timestamp now);
  bool wide_only = false;
};

struct KindInfo {
  std::string singular;
  std::string plural;
  bool in_project = false;  // lists under /v1/projects/{project}
  bool has_single = false;  // GET of one, by name
  bool watchable = false;
  std::vector<Column> columns;
};

const std::vector<KindInfo>& all_kinds();
const KindInfo* find_kind_info(std::string_view name);  // nullptr for an unknown one
std::vector<std::string> kind_names();                  // singular and plural ones

std::string list_path(const KindInfo& kind, const std::string& project);
std::string single_path(const KindInfo& kind, const std::string& project, const std::string& name);
// What `-o name` prints and other verbs take: a job's id, else the name.
std::string name_of(const KindInfo& kind, const boost::json::value& object);
// Of a job and a rollout the server tells all there is of one; this is the part that lists have.
const boost::json::value& listed_of(const KindInfo& kind, const boost::json::value& answer);
// "train" for "job/train" and "jobs/train"; of an accelerator's name NODE/INDEX both parts stay.
std::string without_kind(const KindInfo& kind, const std::string& name);
// Whether a person means this object by `name`.
bool is_named(const KindInfo& kind, const boost::json::value& object, const std::string& name);

Table empty_table(const KindInfo& kind, Output output);
void add_row(Table& table, const KindInfo& kind, Output output, const boost::json::value& object,
             Timestamp now);

Color color_of_state(std::string_view state);
// "h100-sxm5-80gb (emulated)"; "-" without a chip.
std::string chip_text(const boost::json::value& object);

}  // namespace duru::cli

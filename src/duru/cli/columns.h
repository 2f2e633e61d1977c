// The columns of each kind's table; see kinds.h, which is all that needs them.
//
//   std::vector<Column> columns = job_columns();
#pragma once

#include <vector>

#include "duru/cli/kinds.h"

namespace duru::cli {

std::vector<Column> job_columns();
std::vector<Column> attempt_columns();
std::vector<Column> node_columns();
std::vector<Column> accelerator_columns();
std::vector<Column> chip_columns();
std::vector<Column> site_columns();
std::vector<Column> fleet_columns();
// Of the nodes of one fleet: what each should serve, and what it serves.
std::vector<Column> fleet_node_columns();
std::vector<Column> release_columns();
std::vector<Column> rollout_columns();
std::vector<Column> event_columns();

// What the field says of a node; "" of one that is not of the field.
std::string field_text(const boost::json::value& node, std::string_view name);

// How a job or task ended: "0", "3", "signal 9", "lost"; "" while it has not.
std::string exit_text(const boost::json::value& object);

}  // namespace duru::cli

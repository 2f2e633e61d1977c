#include "duru/cli/explain_help.h"

#include <boost/json.hpp>

#include "duru/cli/job_view.h"
#include "duru/cli/json_access.h"

namespace duru::cli {
namespace {

struct Help {
  std::string_view reason;
  std::string_view text;
};

// The closed list (domain/reason.h), but for those that name something of the job.
constexpr Help kHelp[] = {
    {"dependency", "it starts once the jobs in `after` have succeeded"},
    {"held", "it is held; whoever holds it must release it"},
    {"window", "it may start only in its time window"},
    {"over_quota", "the project is at its limit; end other work of it or ask for more"},
    {"over_budget", "the project's budget is used up; ask for more"},
    {"behind_in_share", "others have used less of their share; it starts when its turn comes"},
    {"priority", "others go first; a higher `priority` or another chip would help"},
    {"no_capacity_in_domain", "ask for fewer tasks, or let them lie further apart"},
    {"reserved_for", "the accelerators are kept for another job; a shorter time_limit may fit"},
    {"power_cap", "the site is at its power cap; wait, or choose a chip that draws less"},
    {"rate_limited", "the engine is being asked too often; it goes on by itself"},
    {"site_unreachable", "the site does not answer; duru get sites and duru get nodes show more"},
    {"node_draining", "duru get nodes shows which and why; duru uncordon NODE gives one back"},
    {"quarantined", "this version cannot act on it; its message says why"},
    {"infeasible", "cancel it and ask for less, or bring back what the fleet had"},
};

// Who lacks cpu or memory is told to ask for less of it only where that is possible.
std::string help_for_host(bool cpu, bool memory, std::int64_t cpu_millis_per_task) {
  const std::string what = cpu && memory ? "cpu and memory" : cpu ? "cpu" : "memory";
  const std::string less = cpu_millis_per_task > 1000 ? what : memory ? "memory" : "";
  return "wait until others have given " + what + " back" +
         (less.empty() ? "" : ", or ask for less " + less + " per task") +
         "; duru get nodes shows what is free, duru get jobs --state running who runs";
}

// Which of all that a task needs is short: the figures tell.
std::string help_for_capacity(const boost::json::value& figures) {
  const auto figure = [&](const char* name) { return number_of(figures, name); };
  const bool cpu = figure("cpu_millis_wanted").has_value();
  const bool memory = figure("memory_bytes_wanted").has_value();
  if (cpu || memory) {
    return help_for_host(cpu, memory, figure("cpu_millis_per_task").value_or(0));
  }
  if (!figure("accelerators").has_value()) {
    return "duru get nodes shows which are out of service and why";
  }
  const std::int64_t all = figure("accelerators").value_or(0);
  const std::int64_t out_of_service = figure("accelerators_out_of_service").value_or(0);
  const std::string back =
      "duru get accelerators shows which are out of service and why; duru mark accelerator "
      "NODE/INDEX healthy or duru uncordon NODE gives them back";
  // Told only where neither the end of other work nor an uncordon would do.
  if (figure("accelerators_unhealthy").has_value()) {
    return "duru get accelerators shows which are out of service and why; duru mark accelerator "
           "NODE/INDEX healthy gives one back that is well again";
  }
  if (out_of_service == all) return back;
  const auto wanted = figure("accelerators_wanted");
  if (wanted.has_value() && figure("accelerators_free").value_or(0) >= *wanted) {
    return "enough are free, but not on one node: wait, or ask for fewer per task; duru get "
           "accelerators shows who holds what";
  }
  return "wait, ask for less, or allow another chip in `variants`; " +
         (out_of_service > 0 ? back : "duru get accelerators shows who holds what");
}

}  // namespace

std::string help_for(const boost::json::value& job_object) {
  const JobView job = view_of(job_object);
  if (job.succeeded()) return "";
  if (job.ended()) {
    return (job.attempt_count == 0 ? "" : "duru logs " + job.id + " shows what it wrote, ") +
           ("duru describe job " + job.id + " shows all there is");
  }
  if (job.state != "queued") return "duru logs -f " + job.id + " follows what it writes";
  if (job.reason == "no_capacity") {
    const boost::json::value* figures = member_of(job_object, "figures");
    return help_for_capacity(figures == nullptr ? boost::json::value() : *figures);
  }
  if (job.reason == "starting_backoff") {
    return "it is tried again by itself; duru logs " + job.id + " shows what it wrote last";
  }
  for (const Help& help : kHelp) {
    if (help.reason == job.reason) return std::string(help.text);
  }
  return "";
}

}  // namespace duru::cli

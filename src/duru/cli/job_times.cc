#include "duru/cli/job_times.h"

#include <algorithm>
#include <boost/json.hpp>

#include "duru/cli/json_access.h"

namespace duru::cli {
namespace {

bool is_queued(const boost::json::value& job) { return text_of(job, "state") == "queued"; }

bool was_queued_again(const boost::json::value& job) {
  return number_of(job, "attempt_count").value_or(0) > (is_queued(job) ? 0 : 1);
}

// When its first task began; "" while none has. Times of one form sort as text.
std::string start_of(const boost::json::value& attempt) {
  std::string first;
  for (const auto& task : list_of(attempt, "tasks")) {
    const std::string started = text_of(task, "started_at");
    if (!started.empty() && (first.empty() || started < first)) first = started;
  }
  return first;
}

}  // namespace

boost::json::value with_last_times(const boost::json::value& detail) {
  const boost::json::value* job = member_of(detail, "job");
  if (job == nullptr || !job->is_object()) return detail;
  boost::json::object row = job->get_object();
  const auto& attempts = list_of(detail, "attempts");
  // It was queued when the attempt before the one that counts had ended.
  const std::size_t counted = is_queued(*job) ? 0 : 1;
  if (!was_queued_again(*job) || attempts.size() <= counted) return row;
  row["last_queued_at"] = text_of(attempts[attempts.size() - 1 - counted], "ended_at");
  if (counted > 0) row["last_started_at"] = start_of(attempts[attempts.size() - 1]);
  return row;
}

boost::json::value with_last_times(ApiClient& api, const std::string& project,
                                   const boost::json::value& job_object) {
  if (!was_queued_again(job_object)) return job_object;
  const auto body =
      api.get(path_of({"v1", "projects", project, "jobs", text_of(job_object, "id")}));
  if (!body.ok()) return job_object;
  const auto detail = parse_answer(body.value());
  return detail.ok() ? with_last_times(detail.value()) : job_object;
}

}  // namespace duru::cli

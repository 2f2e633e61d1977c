#include "duru/server/api/job_lookup.h"

#include "duru/api/render.h"
#include "duru/base/json.h"

namespace duru {

const JobRecord* find_job(const State& state, const ProjectName& project, std::string_view ref) {
  JobId id;
  if (id.parse(ref)) {
    const JobRecord* job = state.job(id);
    if (job != nullptr && job->project == project) return job;
  }
  return state.job_named(project, ref);
}

Result<std::optional<HistoryJob>> find_past_job(History& history, const std::string& project,
                                                const std::string& ref) {
  JobId id;
  if (id.parse(ref)) {
    Result<std::optional<HistoryJob>> by_id = history.job(project, ref);
    if (!by_id.ok() || by_id.value().has_value()) return by_id;
  }
  return history.newest_named(project, ref);
}

Result<std::optional<JobDetail>> find_job_detail(const View& view, History& history,
                                                 const std::string& project,
                                                 const std::string& ref) {
  std::optional<JobDetail> live = view.read([&](const View::Reading& reading) {
    const JobRecord* job = find_job(reading.state, ProjectName(project), ref);
    if (job == nullptr || is_final(job->state)) return std::optional<JobDetail>();
    return std::optional<JobDetail>(job_detail(reading.state, *job, reading.mark));
  });
  if (live.has_value()) return live;
  Result<std::optional<HistoryJob>> past = find_past_job(history, project, ref);
  if (!past.ok()) return past.error();
  if (!past.value().has_value()) return std::optional<JobDetail>();
  JsonResult<JobDetail> parsed = from_json<JobDetail>(past.value()->detail);
  if (parsed.ok()) return std::optional<JobDetail>(std::move(parsed.value));
  return Error{ErrorCode::kDamaged,
               "the history's job " + past.value()->id + ": " + parsed.problems[0].detail, false,
               false};
}

}  // namespace duru

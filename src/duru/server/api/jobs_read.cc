// GET of jobs and attempts: lists in pages, newest first, and one job in full.
#include <algorithm>

#include "duru/api/render.h"
#include "duru/server/api/backend.h"
#include "duru/server/api/job_lookup.h"
#include "duru/server/api/query.h"

namespace duru {
namespace {

struct ListQuery {
  std::string project;
  std::string before;  // ids below this one; "": from the newest
  std::vector<JobState> states;
  std::size_t limit = 0;

  bool wants(const JobRecord& job) const {
    if (job.project.str() != project) return false;
    return states.empty() || std::find(states.begin(), states.end(), job.state) != states.end();
  }
};

// Visits the view's jobs of the query, newest first, in bounded steps, until `visit` answers
// false. Gives the position of the first step: what changes meanwhile comes again by a watch.
std::string visit_jobs(
    Backend& backend, const ListQuery& query,
    const std::function<bool(const View::Reading& reading, const JobRecord& job)>& visit) {
  std::string as_of;
  JobId before;
  static_cast<void>(before.parse(query.before));  // checked by the caller
  bool more = true;
  while (more) {
    backend.context().view.read([&](const View::Reading& reading) {
      if (as_of.empty()) {
        as_of = backend.context().watch.position(reading.state, reading.applied_seq);
      }
      const StepBudget budget;
      const auto& jobs = reading.state.jobs;
      auto it = before.empty() ? jobs.end() : jobs.lower_bound(before);
      while (more && it != jobs.begin() && !budget.spent()) {
        --it;
        before = it->first;
        if (query.wants(it->second)) more = visit(reading, it->second);
      }
      more &= it != jobs.begin();
    });
  }
  return as_of;
}

// The view's jobs and the history's as one list by id; of an ended job the history's text counts.
Result<std::string> list_jobs(Backend& backend, const ListQuery& query) {
  std::map<std::string, std::string> found;  // id -> JSON
  const std::string as_of =
      visit_jobs(backend, query, [&](const View::Reading& reading, const JobRecord& job) {
        found[job.id.str()] = to_json(job_object(reading.state, job, reading.mark));
        return found.size() <= query.limit;
      });
  Result<std::vector<HistoryJob>> past =
      backend.context().history.jobs({query.project, query.before, query.states, query.limit + 1});
  if (!past.ok()) return past.error();
  for (HistoryJob& job : past.value()) found[job.id] = std::move(job.listed);
  std::vector<std::string> items;
  std::optional<std::string> continue_at;
  for (auto it = found.rbegin(); it != found.rend(); ++it) {
    if (items.size() == query.limit) {
      continue_at = std::prev(it)->first;
      break;
    }
    items.push_back(std::move(it->second));
  }
  return list_json(items, as_of, continue_at);
}

// A page ends with a whole job.
std::string list_attempts(Backend& backend, const ListQuery& query) {
  std::vector<std::string> items;
  std::string last_id;
  bool full = false;
  const std::string as_of =
      visit_jobs(backend, query, [&](const View::Reading& reading, const JobRecord& job) {
        full = items.size() >= query.limit;
        if (full) return false;
        const auto attempts = attempts_of(reading.state, job);
        for (auto it = attempts.rbegin(); it != attempts.rend(); ++it) {
          items.push_back(to_json(attempt_object(reading.state, job, **it)));
        }
        last_id = job.id.str();
        return true;
      });
  return list_json(items, as_of, full ? std::optional(last_id) : std::nullopt);
}

std::optional<ListQuery> read_query(const http::Request& request, http::Responder& responder,
                                    bool with_state) {
  const std::optional<std::string> project = project_of(request, responder);
  if (!project.has_value()) return std::nullopt;
  QueryReader reader(request.query);
  ListQuery query;
  query.project = *project;
  query.limit = reader.limit();
  query.before = reader.text("continue");
  JobId id;
  if (!query.before.empty() && !id.parse(query.before)) {
    reader.fault("continue is \"" + query.before + "\"", "give what the last page said");
  }
  if (with_state) query.states = reader.all<JobState>("state");
  const auto bad = with_state ? reader.problem({"limit", "continue", "state"})
                              : reader.problem({"limit", "continue"});
  if (!bad.has_value()) return query;
  responder.send(*bad);
  return std::nullopt;
}

void get_jobs(Backend& backend, const RequestPtr& request, http::Responder responder) {
  std::optional<ListQuery> query = read_query(*request, responder, true);
  if (!query.has_value()) return;
  backend.files().add([&backend, query = std::move(*query), responder]() mutable {
    const Result<std::string> list = list_jobs(backend, query);
    responder.send(list.ok() ? http::json_response(200, list.value())
                             : error_response(list.error()));
  });
}

void get_attempts(Backend& backend, const RequestPtr& request, http::Responder responder) {
  std::optional<ListQuery> query = read_query(*request, responder, false);
  if (!query.has_value()) return;
  backend.files().add([&backend, query = std::move(*query), responder]() mutable {
    responder.send(http::json_response(200, list_attempts(backend, query)));
  });
}

void get_job(Backend& backend, const RequestPtr& request, http::Responder responder) {
  const std::optional<std::string> project = project_of(*request, responder);
  if (!project.has_value()) return;
  if (auto bad = QueryReader(request->query).problem({})) {
    responder.send(*bad);
    return;
  }
  backend.files().add([&backend, request, responder, project = *project]() mutable {
    ApiContext& context = backend.context();
    const std::string& ref = request->parameter("job");
    const auto job = find_job_detail(context.view, context.history, project, ref);
    if (!job.ok()) {
      responder.send(error_response(job.error()));
    } else if (job.value().has_value()) {
      responder.send(http::json_response(200, to_json(*job.value())));
    } else {
      responder.send(not_found_response("there is no job \"" + ref + "\" in project " + project,
                                        "duru get jobs lists them"));
    }
  });
}

}  // namespace

void add_job_routes(http::Router& router, Backend& backend) {
  router.add("GET", "/v1/projects/{project}/jobs",
             [&backend](const RequestPtr& request, http::Responder responder) {
               get_jobs(backend, request, std::move(responder));
             });
  router.add("GET", "/v1/projects/{project}/jobs/{job}",
             [&backend](const RequestPtr& request, http::Responder responder) {
               get_job(backend, request, std::move(responder));
             });
  router.add("GET", "/v1/projects/{project}/attempts",
             [&backend](const RequestPtr& request, http::Responder responder) {
               get_attempts(backend, request, std::move(responder));
             });
}

}  // namespace duru

// GET …/jobs/{job}/logs: which task run's log is meant, and whether there is one.
#include <algorithm>

#include "duru/server/api/backend.h"
#include "duru/server/api/job_lookup.h"
#include "duru/server/api/query.h"

namespace duru {
namespace {

struct LogQuery {
  std::string project;
  std::string job;
  std::int32_t task = 0;
  std::int32_t attempt = 0;  // 0: the newest
  bool follow = false;
};

http::Response no_log(std::string detail, std::string help) {
  return rejection_response({"not-found", std::move(detail), std::move(help), ""});
}

const AttemptObject* find_attempt(const JobDetail& job, std::int32_t number) {
  if (job.attempts.empty()) return nullptr;
  if (number == 0) return &job.attempts.back();
  const auto found = std::find_if(job.attempts.begin(), job.attempts.end(),
                                  [&](const AttemptObject& a) { return a.attempt == number; });
  return found == job.attempts.end() ? nullptr : &*found;
}

http::Response no_attempt(const JobDetail& job, std::int32_t number) {
  if (number == 0) {
    return no_log("job \"" + job.job.name + "\" has not started, so it has no log yet",
                  job.job.message.empty() ? "follow=true waits for it" : job.job.message);
  }
  return no_log("job \"" + job.job.name + "\" has no attempt " + std::to_string(number),
                "it has had " + std::to_string(job.attempts.size()));
}

// The target, or the answer that says why there is none.
std::variant<LogTarget, http::Response> find_target(Backend& backend, const LogQuery& query,
                                                    const JobDetail& job) {
  LogTarget target;
  static_cast<void>(target.job.parse(job.job.id));  // our own text
  target.task = query.task;
  target.follow = query.follow;
  if (query.task >= job.job.tasks) {
    return no_log("job \"" + job.job.name + "\" has no task " + std::to_string(query.task),
                  "its tasks are 0 to " + std::to_string(job.job.tasks - 1));
  }
  const AttemptObject* attempt = find_attempt(job, query.attempt);
  if (attempt == nullptr) {
    const bool waits = query.attempt == 0 && query.follow && !is_final(job.job.state);
    if (waits) return target;
    return no_attempt(job, query.attempt);
  }
  const TaskObject& task = attempt->tasks.at(static_cast<std::size_t>(query.task));
  target.run = TaskRunName(task.name);
  const Result<LogChunk> first = backend.context().engine.read_log(target.run, 0, 1);
  if (first.ok()) return target;
  if (first.error().code != ErrorCode::kNotFound) return error_response(first.error());
  if (!task.released_at.has_value()) return target;  // it has written nothing yet
  return no_log("the log of attempt " + std::to_string(attempt->attempt) + " of job \"" +
                    job.job.name + "\" is no longer kept",
                "logs are kept for a while after the end only");
}

void open_log(Backend& backend, const LogQuery& query, http::Responder responder) {
  ApiContext& context = backend.context();
  const auto job = find_job_detail(context.view, context.history, query.project, query.job);
  if (!job.ok()) {
    responder.send(error_response(job.error()));
    return;
  }
  if (!job.value().has_value()) {
    responder.send(
        not_found_response("there is no job \"" + query.job + "\" in project " + query.project,
                           "duru get jobs lists them"));
    return;
  }
  auto target = find_target(backend, query, *job.value());
  if (auto* refused = std::get_if<http::Response>(&target)) {
    responder.send(std::move(*refused));
    return;
  }
  http::StreamHead head;
  head.content_type = "text/plain; charset=utf-8";
  head.headers.add("X-Content-Type-Options", "nosniff");
  backend.logs().add(responder.stream(std::move(head)), std::move(std::get<LogTarget>(target)));
}

void get_log(Backend& backend, const RequestPtr& request, http::Responder responder) {
  const std::optional<std::string> project = project_of(*request, responder);
  if (!project.has_value()) return;
  QueryReader reader(request->query);
  LogQuery query;
  query.project = *project;
  query.job = request->parameter("job");
  query.task = static_cast<std::int32_t>(reader.integer("task", 0, 0, 1'000'000));
  query.attempt = static_cast<std::int32_t>(reader.integer("attempt", 0, 1, 1'000'000));
  query.follow = reader.boolean("follow");
  if (auto bad = reader.problem({"task", "attempt", "follow"})) {
    responder.send(*bad);
    return;
  }
  backend.files().add([&backend, query = std::move(query), responder]() mutable {
    open_log(backend, query, std::move(responder));
  });
}

}  // namespace

void add_log_route(http::Router& router, Backend& backend) {
  router.add("GET", "/v1/projects/{project}/jobs/{job}/logs",
             [&backend](const RequestPtr& request, http::Responder responder) {
               get_log(backend, request, std::move(responder));
             });
}

}  // namespace duru

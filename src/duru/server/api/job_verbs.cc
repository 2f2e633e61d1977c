// POST …/jobs/{job}/cancel and /extend, and POST /v1/end_all.
#include "duru/api/render.h"
#include "duru/server/api/backend.h"
#include "duru/server/api/bodies.h"
#include "duru/server/api/job_lookup.h"

namespace duru {
namespace {

std::string job_answer(const State& state, const Accepted& accepted) {
  const JobRecord& job = state.jobs.at(accepted.jobs.at(0));
  return to_json(job_object(state, job, state.now));
}

// A job that the view does not hold: it is of the past, or was never there. Also this refusal goes
// by the loop: if its key was answered before, that answer counts.
void refuse_past_job(Backend& backend, const RequestPtr& request, http::Responder responder,
                     const std::string& project) {
  const std::string& ref = request->parameter("job");
  const auto past = find_past_job(backend.context().history, project, ref);
  if (!past.ok()) {
    responder.send(error_response(past.error()));
    return;
  }
  Rejection why{"not-found", "there is no job \"" + ref + "\" in project " + project,
                "duru get jobs lists them", ""};
  if (past.value().has_value()) {
    why = {"already-ended",
           "job \"" + ref + "\" is " + std::string(enum_name(past.value()->state)) + " already",
           "duru describe job " + ref + " tells how it ended", ""};
  }
  // No job has the empty id, so this is always refused.
  backend.submit(*request, std::move(responder),
                 {CancelJob{}, 200, job_answer, [why](Rejection& rejection) { rejection = why; }});
}

void order_for_job(Backend& backend, const RequestPtr& request, http::Responder responder,
                   const std::function<Message(const JobId&)>& command) {
  const std::optional<std::string> project = project_of(*request, responder);
  if (!project.has_value()) return;
  const JobId id = backend.context().view.read([&](const View::Reading& reading) {
    const JobRecord* job =
        find_job(reading.state, ProjectName(*project), request->parameter("job"));
    return job == nullptr ? JobId() : job->id;
  });
  if (!id.empty()) {
    return backend.submit(*request, std::move(responder), {command(id), 200, job_answer, {}});
  }
  backend.files().add([&backend, request, responder, project = *project]() mutable {
    refuse_past_job(backend, request, std::move(responder), project);
  });
}

void post_cancel(Backend& backend, const RequestPtr& request, http::Responder responder) {
  if (!expect_empty_body(*request, responder)) return;
  order_for_job(backend, request, std::move(responder),
                [](const JobId& id) { return Message(CancelJob{id}); });
}

void post_extend(Backend& backend, const RequestPtr& request, http::Responder responder) {
  const std::optional<ExtendBody> body = read_body<ExtendBody>(*request, responder);
  if (!body.has_value()) return;
  if (!body->by.has_value()) {
    responder.send(bad_body_response({{"/by", "is missing; give a span like 1h"}}));
    return;
  }
  order_for_job(backend, request, std::move(responder), [&](const JobId& id) {
    return Message(ExtendLease{id, *body->by});
  });
}

std::string ids_answer(const State&, const Accepted& accepted) {
  std::string out = "{\"items\":[";
  for (std::size_t i = 0; i < accepted.jobs.size(); ++i) {
    if (i > 0) out += ',';
    write_json_string(accepted.jobs[i].view(), out);
  }
  return out + "]}";
}

void post_end_all(Backend& backend, const RequestPtr& request, http::Responder responder) {
  std::optional<ReasonBody> body = read_body<ReasonBody>(*request, responder);
  if (!body.has_value()) return;
  backend.submit(*request, std::move(responder),
                 {EndAllWork{std::move(body->reason)}, 200, ids_answer, {}});
}

}  // namespace

void add_job_verb_routes(http::Router& router, Backend& backend) {
  router.add("POST", "/v1/projects/{project}/jobs/{job}/cancel",
             [&backend](const RequestPtr& request, http::Responder responder) {
               post_cancel(backend, request, std::move(responder));
             });
  router.add("POST", "/v1/projects/{project}/jobs/{job}/extend",
             [&backend](const RequestPtr& request, http::Responder responder) {
               post_extend(backend, request, std::move(responder));
             });
  router.add("POST", "/v1/end_all",
             [&backend](const RequestPtr& request, http::Responder responder) {
               post_end_all(backend, request, std::move(responder));
             });
}

}  // namespace duru

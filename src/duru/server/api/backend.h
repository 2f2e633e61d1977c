// What every route of the API works with: the context, the way to the loop, the threads for slow
// things. Inside this folder.
//
//   backend.submit(*request, responder, {CancelJob{id}, 200, [id](const State& state, const
//   Accepted&) { return to_json(job_object(state, state.jobs.at(id), state.now)); }, {}});
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "duru/api/render_field.h"
#include "duru/server/api/answers.h"
#include "duru/server/api/api.h"
#include "duru/server/api/log_streams.h"
#include "duru/server/api/work_queue.h"

namespace duru {

using RequestPtr = std::shared_ptr<http::Request>;

// A command with what its answer is made of.
struct Order {
  Message command;
  int status = 200;
  // From the writer's state right after the decision. Empty: the answer is 204, without a body.
  std::function<std::string(const State&, const Accepted&)> answer;
  std::function<void(Rejection&)> adjust = {};  // before it is sent
  // What the answer says besides: secrets, which the journal must not keep for a replay.
  std::function<std::string(std::string)> finish = {};
};

class Backend {
 public:
  explicit Backend(ApiContext context);

  ApiContext& context() { return context_; }
  WorkQueue& files() { return files_; }  // history, artifacts' sizes, first lines of logs
  WorkQueue& accounts() { return accounts_; }
  WorkQueue& uploads() { return uploads_; }  // may take minutes each
  LogStreams& logs() { return logs_; }

  // The answer is sent when the command is durable and the view shows it.
  void submit(const http::Request& request, http::Responder responder, Order order);
  JobId draw_job_id() const;
  std::string draw_secret() const;  // 256 random bits
  // What only the driver knows of a node of the field.
  LinkOf link_of();

  std::function<http::HttpCounters()> counters();
  void set_counters(std::function<http::HttpCounters()> counters);
  void stop();

 private:
  ApiContext context_;
  std::mutex counters_mutex_;
  std::function<http::HttpCounters()> counters_;
  LogStreams logs_;
  WorkQueue files_;
  WorkQueue accounts_;
  WorkQueue uploads_;
};

// One reading of the view lasts so long at most; a longer list is read in several.
class StepBudget {
 public:
  bool spent() const { return std::chrono::steady_clock::now() >= until_; }

 private:
  std::chrono::steady_clock::time_point until_ =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
};

// The body as a record; an empty body is an empty object. Answers the request and gives nothing
// when it is none.
template <class T>
std::optional<T> read_body(const http::Request& request, http::Responder& responder) {
  JsonResult<T> body = from_json<T>(request.body.empty() ? "{}" : request.body);
  if (body.ok()) return std::move(body.value);
  responder.send(bad_body_response(body.problems));
  return std::nullopt;
}
// True when it is empty or {}.
bool expect_empty_body(const http::Request& request, http::Responder& responder);

// The project of the path. Answers with 404 when no project can have that name.
std::optional<std::string> project_of(const http::Request& request, http::Responder& responder);

// Routes, a family a file.
void add_system_routes(http::Router& router, Backend& backend);
void add_submit_route(http::Router& router, Backend& backend);
void add_job_routes(http::Router& router, Backend& backend);
void add_job_verb_routes(http::Router& router, Backend& backend);
void add_log_route(http::Router& router, Backend& backend);
void add_fleet_routes(http::Router& router, Backend& backend);
void add_node_verb_routes(http::Router& router, Backend& backend);
void add_usage_route(http::Router& router, Backend& backend);
void add_artifact_routes(http::Router& router, Backend& backend);
void add_watch_route(http::Router& router, Backend& backend);
void add_field_apply_route(http::Router& router, Backend& backend);
void add_field_read_routes(http::Router& router, Backend& backend);
void add_field_events_route(http::Router& router, Backend& backend);
void add_field_verb_routes(http::Router& router, Backend& backend);
// What nodes ask, each with a credential of its own (field/protocol.h).
void add_field_enrol_route(http::Router& router, Backend& backend);
void add_field_sync_route(http::Router& router, Backend& backend);
void add_field_blob_route(http::Router& router, Backend& backend);

}  // namespace duru

#include "duru/server/api/api.h"

#include <filesystem>

#include "duru/server/api/backend.h"
#include "duru/server/api/gate.h"

namespace duru {

Api::Api(ApiContext context) : backend_(std::make_shared<Backend>(std::move(context))) {
  std::error_code error;  // an upload says so if the folder is not there
  const std::string incoming = backend_->context().data_dir + "/incoming";
  std::filesystem::remove_all(incoming, error);  // what a crash left
  std::filesystem::create_directories(incoming, error);
  std::filesystem::permissions(incoming, std::filesystem::perms::owner_all, error);
  backend_->context().watch.start(backend_->context().view, backend_->link_of());
}

Api::~Api() { stop(); }

http::Router Api::router() {
  http::Router router;
  add_system_routes(router, *backend_);
  add_submit_route(router, *backend_);
  add_job_routes(router, *backend_);
  add_job_verb_routes(router, *backend_);
  add_log_route(router, *backend_);
  add_fleet_routes(router, *backend_);
  add_node_verb_routes(router, *backend_);
  add_usage_route(router, *backend_);
  add_artifact_routes(router, *backend_);
  add_watch_route(router, *backend_);
  add_field_apply_route(router, *backend_);
  add_field_read_routes(router, *backend_);
  add_field_events_route(router, *backend_);
  add_field_verb_routes(router, *backend_);
  add_field_enrol_route(router, *backend_);
  add_field_sync_route(router, *backend_);
  add_field_blob_route(router, *backend_);
  return router;
}

http::Gate Api::gate() const { return make_gate(backend_->context()); }

void Api::set_counters(std::function<http::HttpCounters()> counters) {
  backend_->set_counters(std::move(counters));
}

void Api::stop() { backend_->stop(); }

}  // namespace duru

// GET of the field: fleets, releases, rollouts, and one rollout with its waves.
#include "duru/server/api/paged_list.h"

namespace duru {
namespace {

void get_rollout(Backend& backend, const RequestPtr& request, http::Responder responder) {
  const RolloutName name(request->parameter("rollout"));
  const EdgeState& field = backend.context().edge.state();
  const std::string json = backend.context().view.read([&](const View::Reading&) {
    const RolloutRecord* rollout = field.rollout(name);
    return rollout == nullptr ? "" : to_json(rollout_detail(field, *rollout, backend.link_of()));
  });
  responder.send(json.empty() ? not_found_response("there is no rollout \"" + name.str() + "\"",
                                                   "duru get rollouts lists them")
                              : http::json_response(200, json));
}

}  // namespace

void add_field_read_routes(http::Router& router, Backend& backend) {
  const EdgeState& field = backend.context().edge.state();
  add_list_route(
      router, backend, "/v1/fleets", [&field](const State&, const StepBudget& budget, Page& page) {
        return fill_from(field.fleets, budget, page,
                         [&](const FleetRecord& fleet) { return fleet_object(field, fleet); });
      });
  add_list_route(router, backend, "/v1/releases",
                 [&field](const State&, const StepBudget& budget, Page& page) {
                   return fill_from(field.releases, budget, page,
                                    [](const Release& release) { return release_object(release); });
                 });
  add_list_route(router, backend, "/v1/rollouts",
                 [&field](const State&, const StepBudget& budget, Page& page) {
                   return fill_from(field.rollouts, budget, page,
                                    [&](const RolloutRecord& rollout) {
                                      return rollout_object(field, rollout);
                                    });
                 });
  router.add("GET", "/v1/rollouts/{rollout}",
             [&backend](const RequestPtr& request, http::Responder responder) {
               get_rollout(backend, request, std::move(responder));
             });
}

}  // namespace duru

// GET of the fleet: nodes, accelerators, chips, sites.
#include "duru/api/render.h"
#include "duru/server/api/backend.h"
#include "duru/server/api/paged_list.h"

namespace duru {
namespace {

bool fill_nodes(const State& state, const EdgeState& field, const LinkOf& link_of,
                const StepBudget& budget, Page& page) {
  const auto wants = [&](const NodeName& name) {
    if (page.filter.empty()) return true;
    const FieldNodeRecord* known = field.node(name);
    return known != nullptr && known->fleet.str() == page.filter;
  };
  return fill_wanted(state.nodes, budget, page, wants, [&](const NodeRecord& node) {
    return node_object(state, field, node, link_of);
  });
}

bool fill_accelerators(const State& state, const EdgeState& field, const StepBudget& budget,
                       Page& page) {
  AcceleratorId after;
  const bool begins = !parse_accelerator(page.after, after);
  auto node = begins ? state.nodes.begin() : state.nodes.lower_bound(after.node);
  for (; node != state.nodes.end(); ++node) {
    for (const Accelerator& accelerator : node->second.node.accelerators) {
      const AcceleratorId id{node->first, accelerator.index};
      if (!begins && !(after < id)) continue;
      page.more = page.full();
      if (page.more) return false;
      if (budget.spent()) return true;
      page.take(id.str(), to_json(accelerator_object(state, field, node->second, accelerator)));
    }
  }
  return false;
}

void get_node(Backend& backend, const RequestPtr& request, http::Responder responder) {
  const NodeName name(request->parameter("node"));
  const EdgeState& field = backend.context().edge.state();
  const std::string json = backend.context().view.read([&](const View::Reading& reading) {
    const auto node = reading.state.nodes.find(name);
    if (node == reading.state.nodes.end()) return std::string();
    return to_json(node_object(reading.state, field, node->second, backend.link_of()));
  });
  responder.send(json.empty() ? not_found_response("there is no node \"" + name.str() + "\"",
                                                   "duru get nodes lists them")
                              : http::json_response(200, json));
}

void get_accelerator(Backend& backend, const RequestPtr& request, http::Responder responder) {
  const std::string text = request->parameter("node") + "/" + request->parameter("index");
  AcceleratorId id;
  std::string json;
  if (parse_accelerator(text, id)) {
    json = backend.context().view.read([&](const View::Reading& reading) {
      const Accelerator* accelerator = reading.state.accelerator(id);
      if (accelerator == nullptr) return std::string();
      return to_json(accelerator_object(reading.state, backend.context().edge.state(),
                                        reading.state.nodes.at(id.node), *accelerator));
    });
  }
  responder.send(json.empty() ? not_found_response("there is no accelerator \"" + text + "\"",
                                                   "duru get accelerators lists them")
                              : http::json_response(200, json));
}

}  // namespace

void add_fleet_routes(http::Router& router, Backend& backend) {
  const auto add_list = [&](const char* pattern, FillStep fill) {
    add_list_route(router, backend, pattern, std::move(fill));
  };
  const EdgeState& field = backend.context().edge.state();
  add_list_route(
      router, backend, "/v1/nodes",
      [&field, link_of = backend.link_of()](const State& state, const StepBudget& budget,
                                            Page& page) {
        return fill_nodes(state, field, link_of, budget, page);
      },
      "fleet");
  add_list("/v1/accelerators", [&field](const State& state, const StepBudget& budget, Page& page) {
    return fill_accelerators(state, field, budget, page);
  });
  add_list("/v1/chips", [](const State& state, const StepBudget& budget, Page& page) {
    return fill_from(state.chips, budget, page,
                     [&](const Chip& chip) { return chip_object(state, chip); });
  });
  add_list("/v1/sites", [](const State& state, const StepBudget& budget, Page& page) {
    return fill_from(state.sites, budget, page,
                     [&](const Site& site) { return site_object(state, site); });
  });
  router.add("GET", "/v1/nodes/{node}",
             [&backend](const RequestPtr& request, http::Responder responder) {
               get_node(backend, request, std::move(responder));
             });
  router.add("GET", "/v1/accelerators/{node}/{index}",
             [&backend](const RequestPtr& request, http::Responder responder) {
               get_accelerator(backend, request, std::move(responder));
             });
}

}  // namespace duru

// GET of the fleet: nodes, accelerators, chips, sites.
#include "duru/api/render.h"
#include "duru/server/api/backend.h"
#include "duru/server/api/query.h"

namespace duru {
namespace {

// A page of a list that is ordered by name: what comes after `continue`, in bounded steps.
struct Page {
  std::size_t limit = 0;
  std::string after;  // the last name that was taken; "" at the start
  std::vector<std::string> items;
  std::string as_of;
  bool more = false;  // something is left behind the page

  bool full() const { return items.size() >= limit; }
  void take(std::string name, std::string json) {
    after = std::move(name);
    items.push_back(std::move(json));
  }
};

// Fills `page` from one reading; true: the step ended before the list and the page did.
using FillStep = std::function<bool(const State& state, const StepBudget& budget, Page& page)>;

void get_list(Backend& backend, const RequestPtr& request, http::Responder responder,
              const FillStep& fill) {
  QueryReader query(request->query);
  Page page;
  page.limit = query.limit();
  page.after = query.text("continue");
  if (auto bad = query.problem({"limit", "continue"})) {
    responder.send(*bad);
    return;
  }
  bool unfinished = true;
  while (unfinished) {
    unfinished = backend.context().view.read([&](const View::Reading& reading) {
      if (page.as_of.empty()) {
        page.as_of = backend.context().watch.position(reading.state, reading.applied_seq);
      }
      return fill(reading.state, StepBudget(), page);
    });
  }
  responder.send(http::json_response(
      200,
      list_json(page.items, page.as_of, page.more ? std::optional(page.after) : std::nullopt)));
}

// A table of the state, by name.
template <class Map, class Render>
bool fill_from(const Map& table, const StepBudget& budget, Page& page, Render render) {
  using Name = typename Map::key_type;
  for (auto it = table.upper_bound(Name(page.after)); it != table.end(); ++it) {
    page.more = page.full();
    if (page.more) return false;
    if (budget.spent()) return true;
    page.take(it->first.str(), to_json(render(it->second)));
  }
  return false;
}

bool fill_accelerators(const State& state, const StepBudget& budget, Page& page) {
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
      page.take(id.str(), to_json(accelerator_object(state, node->second, accelerator)));
    }
  }
  return false;
}

void get_node(Backend& backend, const RequestPtr& request, http::Responder responder) {
  const NodeName name(request->parameter("node"));
  const std::string json = backend.context().view.read([&](const View::Reading& reading) {
    const auto node = reading.state.nodes.find(name);
    return node == reading.state.nodes.end() ? ""
                                             : to_json(node_object(reading.state, node->second));
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
      return to_json(
          accelerator_object(reading.state, reading.state.nodes.at(id.node), *accelerator));
    });
  }
  responder.send(json.empty() ? not_found_response("there is no accelerator \"" + text + "\"",
                                                   "duru get accelerators lists them")
                              : http::json_response(200, json));
}

}  // namespace

void add_fleet_routes(http::Router& router, Backend& backend) {
  const auto add_list = [&](const char* pattern, FillStep fill) {
    router.add(
        "GET", pattern,
        [&backend, fill = std::move(fill)](const RequestPtr& request, http::Responder responder) {
          get_list(backend, request, std::move(responder), fill);
        });
  };
  add_list("/v1/nodes", [](const State& state, const StepBudget& budget, Page& page) {
    return fill_from(state.nodes, budget, page,
                     [&](const NodeRecord& node) { return node_object(state, node); });
  });
  add_list("/v1/accelerators", fill_accelerators);
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

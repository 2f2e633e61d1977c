// Commands to nodes and accelerators: cordon, uncordon, drain, remove, mark.
#include "duru/api/render.h"
#include "duru/server/api/backend.h"
#include "duru/server/api/bodies.h"
#include "duru/server/api/query.h"

namespace duru {
namespace {

constexpr Milliseconds kDrainGraceDefault = seconds(30);

void order_for_node(Backend& backend, const RequestPtr& request, http::Responder responder,
                    const NodeName& name, Message command) {
  Order order;
  order.command = std::move(command);
  order.answer = [name, &edge = backend.context().edge_writer, link_of = backend.link_of()](
                     const State& state, const Accepted&) {
    return to_json(node_object(state, edge.state(), state.nodes.at(name), link_of));
  };
  backend.submit(*request, std::move(responder), std::move(order));
}

NodeName node_of(const RequestPtr& request) { return NodeName(request->parameter("node")); }

void post_cordon(Backend& backend, const RequestPtr& request, http::Responder responder) {
  std::optional<ReasonBody> body = read_body<ReasonBody>(*request, responder);
  if (!body.has_value()) return;
  const NodeName node = node_of(request);
  order_for_node(backend, request, std::move(responder), node,
                 CordonNode{node, std::move(body->reason)});
}

void post_uncordon(Backend& backend, const RequestPtr& request, http::Responder responder) {
  if (!expect_empty_body(*request, responder)) return;
  const NodeName node = node_of(request);
  order_for_node(backend, request, std::move(responder), node, UncordonNode{node});
}

void post_drain(Backend& backend, const RequestPtr& request, http::Responder responder) {
  std::optional<DrainBody> body = read_body<DrainBody>(*request, responder);
  if (!body.has_value()) return;
  const NodeName node = node_of(request);
  order_for_node(
      backend, request, std::move(responder), node,
      DrainNode{node, body->grace.value_or(kDrainGraceDefault), std::move(body->reason)});
}

// Work could start on it until the moment it goes: that it shall take none must be said first.
bool takes_work(Backend& backend, const NodeName& name) {
  return backend.context().view.read(
      [&](const View::Reading& reading) { return reading.state.schedulable(name); });
}

// The field keeps books of its own on its nodes, and would not learn of a removal here.
bool is_in_field(Backend& backend, const NodeName& name) {
  return backend.context().view.read(
      [&](const View::Reading&) { return backend.context().edge.state().node(name) != nullptr; });
}

void delete_node(Backend& backend, const RequestPtr& request, http::Responder responder) {
  QueryReader query(request->query);
  const bool force = query.boolean("force");
  if (auto bad = query.problem({"force"})) {
    responder.send(*bad);
    return;
  }
  const NodeName name = node_of(request);
  if (is_in_field(backend, name)) {
    responder.send(rejection_response({"node-in-use", "node " + name.str() + " is one of the field",
                                       "duru revoke node " + name.str() + " --remove", ""}));
    return;
  }
  if (!force && takes_work(backend, name)) {
    responder.send(
        rejection_response({"node-in-use", "node " + name.str() + " still takes work",
                            "duru drain " + name.str() + " first, or remove it with --force", ""}));
    return;
  }
  backend.submit(*request, std::move(responder), {RemoveNode{name}, 204, {}, {}});
}

void post_mark(Backend& backend, const RequestPtr& request, http::Responder responder) {
  std::optional<MarkBody> body = read_body<MarkBody>(*request, responder);
  if (!body.has_value()) return;
  if (!body->healthy.has_value()) {
    responder.send(bad_body_response({{"/healthy", "is missing; give true or false"}}));
    return;
  }
  const std::string text = request->parameter("node") + "/" + request->parameter("index");
  AcceleratorId id;
  if (!parse_accelerator(text, id)) {
    responder.send(not_found_response("there is no accelerator \"" + text + "\"",
                                      "duru get accelerators lists them"));
    return;
  }
  Order order;
  order.command = MarkAccelerator{id, *body->healthy, std::move(body->reason)};
  order.answer = [id, &edge = backend.context().edge_writer](const State& state, const Accepted&) {
    return to_json(
        accelerator_object(state, edge.state(), state.nodes.at(id.node), *state.accelerator(id)));
  };
  backend.submit(*request, std::move(responder), std::move(order));
}

}  // namespace

void add_node_verb_routes(http::Router& router, Backend& backend) {
  const auto add = [&](const char* method, const char* pattern, auto handle) {
    router.add(method, pattern,
               [&backend, handle](const RequestPtr& request, http::Responder responder) {
                 handle(backend, request, std::move(responder));
               });
  };
  add("POST", "/v1/nodes/{node}/cordon", post_cordon);
  add("POST", "/v1/nodes/{node}/uncordon", post_uncordon);
  add("POST", "/v1/nodes/{node}/drain", post_drain);
  add("DELETE", "/v1/nodes/{node}", delete_node);
  add("POST", "/v1/accelerators/{node}/{index}/mark", post_mark);
}

}  // namespace duru

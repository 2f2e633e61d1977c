#include <boost/json.hpp>
#include <memory>

#include "duru/base/json.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/json_access.h"
#include "duru/cli/show.h"
#include "duru/cli/verbs.h"
#include "duru/domain/names.h"

// cordon, drain, uncordon, remove, mark: what an operator does to nodes and accelerators; `remove`
// does to releases what it does to nodes.
namespace duru::cli {
namespace {

struct NodeOptions {
  std::string node;
  std::string reason;
  std::string grace;
  std::string kind;    // remove
  std::string state;   // mark
  bool force = false;  // remove
};

std::string quoted(const std::string& text) {
  std::string out;
  write_json_string(text, out);
  return out;
}

int post(Context& context, const std::string& path, const std::string& body,
         const std::string& kind, const std::string& sentence) {
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const auto answer = api.value().post(path, body);
  if (!answer.ok()) return context.fail(answer.error());
  return show_done(context, *find_kind_info(kind), answer.value(), sentence);
}

// When the work of a node that is drained is stopped; "" of one that is not.
Result<std::string> stop_time(const Result<std::string>& node) {
  if (!node.ok()) return node.error();
  const auto object = parse_answer(node.value());
  if (!object.ok()) return object.error();
  return text_of(object.value(), "stop_at");
}

// A drain may be made shorter, not longer.
std::string drain_sentence(const std::string& node, const std::string& before,
                           const std::string& after) {
  if (after == before) {
    return node + " is being drained already, what runs is stopped at " + after +
           "; for more time, duru uncordon " + node + " first";
  }
  return "draining " + node + ": no new work, what runs is stopped and queued again at " + after +
         "; duru get node " + node + " shows what is left";
}

int drain(Context& context, const NodeOptions& options) {
  Milliseconds grace = seconds(30);
  if (!options.grace.empty() && !parse_duration(options.grace, grace)) {
    return context.fail_usage("--grace: expected a duration like 30s or 0s, got \"" +
                              options.grace + "\"");
  }
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const std::string path = path_of({"v1", "nodes", options.node});
  const auto before = stop_time(api.value().get(path));
  if (!before.ok()) return context.fail(before.error());
  const auto answer =
      api.value().post(path + "/drain", "{\"grace\":" + quoted(format_duration(grace)) +
                                            ",\"reason\":" + quoted(options.reason) + "}");
  if (!answer.ok()) return context.fail(answer.error());
  const auto after = stop_time(answer.value());
  if (!after.ok()) return context.fail(after.error());
  return show_done(context, *find_kind_info("node"), answer.value(),
                   drain_sentence(options.node, before.value(), after.value()));
}

int remove_release(Context& context, const std::string& release) {
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const auto answer = api.value().remove(path_of({"v1", "releases", release}));
  if (!answer.ok()) return context.fail(answer.error());
  context.console().note("removed release " + release +
                         "; its files go a day later where nothing else names them");
  return kExitOk;
}

int remove(Context& context, const NodeOptions& options) {
  if (options.kind == "release") {
    if (options.force) return context.fail_usage("--force: is for nodes");
    return remove_release(context, options.node);
  }
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const auto answer = api.value().remove(path_of({"v1", "nodes", options.node}) +
                                         query_of({{"force", options.force ? "true" : ""}}));
  if (!answer.ok()) return context.fail(answer.error());
  context.console().note("removed node " + options.node +
                         "; it is back when the server starts again and finds it");
  return kExitOk;
}

int mark(Context& context, const NodeOptions& options) {
  AcceleratorId id;
  if (!parse_accelerator(options.node, id)) {
    return context.fail_usage("expected an accelerator as NODE/INDEX, got \"" + options.node +
                              "\"; duru get accelerators lists them");
  }
  const bool healthy = options.state == "healthy";
  if (!healthy && options.reason.empty()) {
    return context.fail_usage("--reason: say why it is unhealthy, like --reason 'ECC errors'");
  }
  return post(context,
              path_of({"v1", "accelerators", id.node.str(), std::to_string(id.index), "mark"}),
              std::string("{\"healthy\":") + (healthy ? "true" : "false") +
                  ",\"reason\":" + quoted(options.reason) + "}",
              "accelerator",
              "marked " + options.node + " " + options.state +
                  (healthy ? "" : ": no new work; what runs on it goes on") +
                  "; duru get accelerator " + options.node + " shows it");
}

}  // namespace

Verb cordon_verb() {
  auto options = std::make_shared<NodeOptions>();
  return {.name = "cordon",
          .summary = "Give a node no new work; what runs on it goes on",
          .examples = "  duru cordon NODE --reason 'new cables'\n",
          .arguments = {naming("nodes", positional("NODE", &options->node, "the node")),
                        option("--reason", "TEXT", &options->reason, "shown beside the node")},
          .run = [options](Context& context) {
            return post(context, path_of({"v1", "nodes", options->node, "cordon"}),
                        "{\"reason\":" + quoted(options->reason) + "}", "node",
                        "cordoned " + options->node + "; duru uncordon " + options->node +
                            " takes it back");
          }};
}

Verb uncordon_verb() {
  auto options = std::make_shared<NodeOptions>();
  return {.name = "uncordon",
          .summary = "Give a cordoned or drained node work again",
          .examples = "  duru uncordon NODE\n",
          .arguments = {naming("nodes", positional("NODE", &options->node, "the node"))},
          .run = [options](Context& context) {
            return post(context, path_of({"v1", "nodes", options->node, "uncordon"}), "{}", "node",
                        options->node + " takes work again");
          }};
}

Verb drain_verb() {
  auto options = std::make_shared<NodeOptions>();
  return {.name = "drain",
          .summary = "Cordon a node, then stop and requeue what runs on it",
          .examples = "  duru drain NODE --grace 10m --reason 'firmware'\n",
          .arguments = {naming("nodes", positional("NODE", &options->node, "the node")),
                        option("--grace", "DURATION", &options->grace,
                               "how long work may go on; default: 30s"),
                        option("--reason", "TEXT", &options->reason, "shown beside the node")},
          .run = [options](Context& context) { return drain(context, *options); }};
}

Verb remove_verb() {
  auto options = std::make_shared<NodeOptions>();
  return {
      .name = "remove",
      .summary =
          "Take a node that holds no work out of the fleet, or forget a release that has no use",
      .examples =
          "  duru drain NODE            # stops what runs, and takes a moment\n"
          "  duru get nodes             # TASKS 0: it is empty\n"
          "  duru remove node NODE\n"
          "It stays away until the server starts again and finds it; a drain stays over starts,\n"
          "so a node that is to take no work is left drained.\n"
          "  duru remove release RELEASE"
          "\n",
      .arguments = {positional("KIND", &options->kind, "node or release", {"node", "release"}),
                    naming("KIND", positional("NAME", &options->node, "its name")),
                    flag("--force", &options->force, "a node, also when it still takes work")},
      .run = [options](Context& context) { return remove(context, *options); }};
}

Verb mark_verb() {
  auto options = std::make_shared<NodeOptions>();
  return {.name = "mark",
          .summary = "Say that an accelerator is unhealthy, or healthy again",
          .examples =
              "  duru mark accelerator NODE/0 unhealthy --reason 'ECC errors'\n"
              "  duru mark accelerator NODE/0 healthy\n",
          .arguments = {positional("KIND", &options->kind, "accelerator", {"accelerator"}),
                        naming("accelerators",
                               positional("NAME", &options->node, "the accelerator, NODE/INDEX")),
                        positional("STATE", &options->state, "unhealthy or healthy",
                                   {"unhealthy", "healthy"}),
                        option("--reason", "TEXT", &options->reason,
                               "shown beside it; needed when it is unhealthy")},
          .run = [options](Context& context) { return mark(context, *options); }};
}

}  // namespace duru::cli

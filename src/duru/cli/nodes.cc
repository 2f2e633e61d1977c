#include <memory>

#include "duru/base/json.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/show.h"
#include "duru/cli/verbs.h"
#include "duru/domain/names.h"

// cordon, drain, uncordon, remove, mark: what an operator does to nodes and accelerators.
namespace duru::cli {
namespace {

struct NodeOptions {
  std::string node;
  std::string reason;
  std::string grace;
  std::string kind;   // remove
  std::string state;  // mark
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

int drain(Context& context, const NodeOptions& options) {
  Milliseconds grace = seconds(30);
  if (!options.grace.empty() && !parse_duration(options.grace, grace)) {
    return context.fail_usage("--grace: expected a duration like 30s or 0s, got \"" +
                              options.grace + "\"");
  }
  const std::string grace_text = format_duration(grace);
  return post(
      context, path_of({"v1", "nodes", options.node, "drain"}),
      "{\"grace\":" + quoted(grace_text) + ",\"reason\":" + quoted(options.reason) + "}", "node",
      "draining " + options.node + ": no new work, what runs is stopped and queued again in " +
          grace_text + "; duru get node " + options.node + " shows what is left");
}

int remove(Context& context, const NodeOptions& options) {
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const auto answer = api.value().remove(path_of({"v1", "nodes", options.node}));
  if (!answer.ok()) return context.fail(answer.error());
  context.console().note("removed node " + options.node + "; duru get nodes shows the others");
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
  return {.name = "remove",
          .summary = "Take a node out of the fleet; it must hold no work",
          .examples =
              "  duru drain NODE            # stops what runs, and takes a moment\n"
              "  duru get nodes             # TASKS 0: it is empty\n"
              "  duru remove node NODE\n",
          .arguments = {positional("KIND", &options->kind, "node", {"node"}),
                        naming("nodes", positional("NAME", &options->node, "the node"))},
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

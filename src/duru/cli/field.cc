#include <boost/json.hpp>
#include <memory>
#include <set>

#include "duru/base/json.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/json_access.h"
#include "duru/cli/show.h"
#include "duru/cli/verbs.h"

// rollout, enrol, revoke: what an operator does to the field.
namespace duru::cli {
namespace {

std::string quoted(const std::string& text) {
  std::string out;
  write_json_string(text, out);
  return out;
}

int steer(Context& context, const std::string& rollout, const std::string& action) {
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const auto answer = api.value().post(path_of({"v1", "rollouts", rollout, action}), "{}");
  if (!answer.ok()) return context.fail(answer.error());
  const std::string what = action == "pause" ? "paused " + rollout + ": no wave begins"
                           : action == "resume"
                               ? "resumed " + rollout
                               : "stopped " + rollout + ": its nodes keep what they have";
  return show_done(context, *find_kind_info("rollout"), answer.value(),
                   what + "; duru describe rollout " + rollout + " shows it");
}

Verb steer_verb(const std::string& action, std::string summary) {
  auto rollout = std::make_shared<std::string>();
  return {.name = action,
          .summary = std::move(summary),
          .examples = "  duru rollout " + action + " ROLLOUT\n",
          .arguments = {positional("ROLLOUT", rollout.get(), "its name")},
          .run = [rollout, action](Context& context) { return steer(context, *rollout, action); }};
}

struct EnrolOptions {
  std::vector<std::string> labels;
  std::string valid;
};

// {"site":"ridge"}; what is wrong goes into `fault`.
std::string labels_json(const std::vector<std::string>& labels, std::string& fault) {
  std::string out;
  std::set<std::string> keys;
  for (const std::string& label : labels) {
    const std::size_t equals = label.find('=');
    if (equals == std::string::npos || equals == 0) {
      fault = "--label: expected KEY=VALUE, got \"" + label + "\"";
      return "";
    }
    if (!keys.insert(label.substr(0, equals)).second) {
      fault = "--label: the key \"" + label.substr(0, equals) + "\" is given twice";
      return "";
    }
    out += (out.empty() ? "" : ",") + quoted(label.substr(0, equals)) + ":" +
           quoted(label.substr(equals + 1));
  }
  return "{" + out + "}";
}

// Whoever gave an option is not told of a field.
Problem in_options(Problem problem) {
  for (const JsonProblem& field : problem.fields) {
    if (field.pointer == "/valid_for") problem.detail = "--valid: " + field.detail;
    if (field.pointer == "/labels") problem.detail = "--label: " + field.detail;
  }
  problem.fields.clear();
  return problem;
}

int enrol(Context& context, const EnrolOptions& options) {
  std::string fault;
  std::string body = "{\"labels\":" + labels_json(options.labels, fault);
  Milliseconds valid;
  if (!options.valid.empty() && !parse_duration(options.valid, valid)) {
    fault = "--valid: expected a duration like 1h, got \"" + options.valid + "\"";
  }
  if (!fault.empty()) return context.fail_usage(fault);
  if (!options.valid.empty()) body += ",\"valid_for\":" + quoted(format_duration(valid));
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const auto answered = api.value().send({.method = "POST",
                                          .target = "/v1/enrolments",
                                          .headers = {{"Content-Type", "application/json"}},
                                          .body = body + "}"});
  if (!answered.ok()) return context.fail(answered.error());
  if (!answered.value().is_success()) {
    return context.fail(error_of(in_options(read_problem(answered.value()))));
  }
  const auto answer = parse_answer(answered.value().body);
  if (!answer.ok()) return context.fail(answer.error());
  if (context.output() == Output::kJson || context.output() == Output::kYaml) {
    show_json(context, answer.value());
    return kExitOk;
  }
  const std::string code = text_of(answer.value(), "code");
  const http::Address& server = api.value().location().address;
  // A server that listens beyond this machine is reached from there by another name than from here.
  const bool is_near = server.is_tls && server.is_loopback();
  const std::string url = is_near ? "https://HOST:" + std::to_string(server.port) : server.url();
  context.console().out(code + "\n");
  context.console().note("one node may use it until " + text_of(answer.value(), "expires_at") +
                         "; on the node" + (is_near ? ", with HOST as it knows this machine" : "") +
                         ":\n  duru-agent enrol --server " + url + " --code " + code +
                         " --data DIR\n  duru-agent run --data DIR");
  return kExitOk;
}

struct RevokeOptions {
  std::string kind;
  std::string node;
  std::string reason;
  bool remove = false;
};

int revoke(Context& context, const RevokeOptions& options) {
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const std::string body = "{\"reason\":" + quoted(options.reason) +
                           ",\"remove\":" + (options.remove ? "true" : "false") + "}";
  const auto answer = api.value().post(path_of({"v1", "nodes", options.node, "revoke"}), body);
  if (!answer.ok()) return context.fail(answer.error());
  context.console().note("revoked " + options.node + ": its credential is worth nothing any more" +
                         (options.remove ? ", and it has left the fleet"
                                         : "; --remove takes it out of the fleet too"));
  return kExitOk;
}

}  // namespace

Verb rollout_verb() {
  return {.name = "rollout",
          .summary = "Pause, resume or stop a rollout",
          .examples = "  duru rollout pause ROLLOUT\n  duru rollout resume ROLLOUT\n",
          .verbs = {steer_verb("pause", "Begin no further wave"),
                    steer_verb("resume", "Go on; failures so far are accepted"),
                    steer_verb("stop", "End it; its nodes keep what they have")}};
}

Verb enrol_verb() {
  auto options = std::make_shared<EnrolOptions>();
  return {.name = "enrol",
          .summary = "Print a one-time code with which a node of the field comes in",
          .examples =
              "  duru enrol --label site=ridge --label row=3\n"
              "  duru enrol --label site=ridge --valid 10m -o json\n",
          .arguments = {option("--label", "KEY=VALUE", &options->labels,
                               "of the node; fleets select by it; may come again"),
                        option("--valid", "DURATION", &options->valid,
                               "how long the code may be used; default: 1h")},
          .run = [options](Context& context) { return enrol(context, *options); }};
}

Verb revoke_verb() {
  auto options = std::make_shared<RevokeOptions>();
  return {.name = "revoke",
          .summary = "Make a node's credential worth nothing",
          .examples =
              "  duru revoke node NODE --reason stolen\n"
              "  duru revoke node NODE --remove\n",
          .arguments = {positional("KIND", &options->kind, "node", {"node"}),
                        positional("NODE", &options->node, "a node of the field"),
                        option("--reason", "TEXT", &options->reason, "kept with it"),
                        flag("--remove", &options->remove, "take it out of the fleet too")},
          .run = [options](Context& context) { return revoke(context, *options); }};
}

}  // namespace duru::cli

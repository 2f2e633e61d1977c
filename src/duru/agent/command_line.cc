#include "duru/agent/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "duru/agent/agent.h"
#include "duru/agent/enrol.h"
#include "duru/agent/exit_code.h"
#include "duru/agent/status.h"
#include "duru/base/json.h"

namespace duru::agent {
namespace {

constexpr char kAbout[] =
    "duru-agent: a node of the field. It dials out to a Duru server and keeps "
    "serving without it.";
constexpr char kExamples[] =
    "Start here, with a code from `duru enrol`:\n"
    "  duru-agent enrol --server http://127.0.0.1:8080 --code CODE --data /var/lib/duru-agent "
    "--chip dx-m1\n"
    "  duru-agent run --data /var/lib/duru-agent\n"
    "  duru-agent status --data /var/lib/duru-agent\n";

struct Options {
  std::string data;
  std::string server, code, node, chip, cpu, memory;
  std::int32_t accelerators = -1;
  bool emulated = false;
  std::string supervise, heartbeat;
  bool drop_events = false;
  bool ephemeral = false;
  std::string output = "table";
};

int usage(const std::string& what) {
  std::fprintf(stderr, "error: %s\n`duru-agent --help` shows what is taken\n", what.c_str());
  return kExitUsage;
}

int fail(const Error& error) {
  std::fprintf(stderr, "error: %s\n", error.message.c_str());
  return exit_code_of(error);
}

void say_enrolled(const Identity& identity, const Options& options, bool was_enrolled) {
  const std::string& node = identity.reply->node;
  std::printf("node %s %s\n", node.c_str(),
              was_enrolled ? "was enrolled already; nothing is changed" : "is enrolled");
  if (!was_enrolled && !options.node.empty() && node != options.node) {
    std::printf("  %s is another node's name already\n", options.node.c_str());
  }
  const EnrolRequest& told = identity.request;
  if (!was_enrolled && told.accelerators > 0 && !told.emulated) {
    std::printf(
        "  with %d x %s, as told: nobody looked for it; --emulated says that it is not there\n",
        told.accelerators, told.chip.str().c_str());
  }
  std::printf("next: duru-agent run --data %s\n", options.data.c_str());
}

int do_enrol(const Options& options) {
  Enrolment enrolment;
  enrolment.server = options.server;
  EnrolRequest& request = enrolment.request;
  request.code = options.code;
  request.node = options.node;
  request.chip = ChipName(options.chip);
  const std::int32_t accelerators_by_default = options.chip.empty() ? 0 : 1;
  request.accelerators = options.accelerators < 0 ? accelerators_by_default : options.accelerators;
  request.emulated = options.emulated;
  request.agent_version = DURU_AGENT_VERSION;
  request.cpu = machine_cpu();
  request.memory = machine_memory();
  if (!options.cpu.empty() && !parse_decimal(options.cpu, 3, request.cpu.value)) {
    return usage("--cpu: expected a number of cores such as 1.5, got " + options.cpu);
  }
  if (!options.memory.empty() && !parse_bytes(options.memory, request.memory)) {
    return usage("--memory: expected a size such as 512MiB, got " + options.memory);
  }
  const bool was_enrolled = read_identity(options.data).ok();
  auto identity = enrol(options.data, enrolment);
  if (!identity.ok()) return fail(identity.error());
  say_enrolled(identity.value(), options, was_enrolled);
  return kExitOk;
}

// Beside this program, unless told otherwise.
std::string supervise_program(const Options& options) {
  if (!options.supervise.empty()) return std::filesystem::absolute(options.supervise);
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "duru-supervise";
}

int no_supervise(const std::string& path) {
  return usage(path + " is not there; --supervise says where it is");
}

int do_unenrol(const Options& options) {
  const std::string supervise = supervise_program(options);
  if (!std::filesystem::exists(supervise)) return no_supervise(supervise);
  return unenrol({options.data, supervise, options.drop_events});
}

int do_run(const Options& options) {
  AgentOptions agent;
  agent.data_path = options.data;
  agent.ephemeral = options.ephemeral;
  agent.supervise_program = supervise_program(options);
  if (!std::filesystem::exists(agent.supervise_program)) {
    return no_supervise(agent.supervise_program);
  }
  if (!options.heartbeat.empty()) {
    Milliseconds heartbeat;
    if (!parse_duration(options.heartbeat, heartbeat) || heartbeat.value <= 0) {
      return usage("--heartbeat: expected a span such as 30s, got " + options.heartbeat);
    }
    agent.heartbeat = heartbeat;
  }
  return run_agent(agent);
}

int do_status(const Options& options) {
  auto status = read_status(options.data);
  if (!status.ok()) return fail(status.error());
  const bool as_json = options.output == "json";
  const std::string text = as_json ? to_json(status.value()) + "\n" : status_text(status.value());
  std::fputs(text.c_str(), stdout);
  return kExitOk;
}

void add_data(CLI::App* verb, Options& options) {
  // Absolute from here on: the workload's supervisor and its tasks run in folders of their own.
  const auto take = [&options](const std::string& told) {
    options.data = std::filesystem::absolute(told).lexically_normal();
  };
  verb->add_option_function<std::string>("--data", take, "the agent's folder")
      ->type_name("DIR")
      ->required();
}

void add_supervise(CLI::App* verb, Options& options) {
  verb->add_option("--supervise", options.supervise, "the program duru-supervise")
      ->type_name("PATH");
}

CLI::App* add_enrol(CLI::App& app, Options& options) {
  CLI::App* verb = app.add_subcommand("enrol", "Become a node of a server, with a one-time code");
  add_data(verb, options);
  verb->add_option("--server", options.server, "the server")->type_name("URL")->required();
  verb->add_option("--code", options.code, "the one-time code")->type_name("CODE")->required();
  verb->add_option("--node", options.node, "a name to ask for; default: the server's choice");
  verb->add_option("--chip", options.chip, "the accelerators' chip, by name or alias");
  verb->add_option("--accelerators", options.accelerators, "how many; default: 1 with a chip")
      ->check(CLI::Range(0, 64));
  verb->add_flag("--emulated", options.emulated, "the chip is emulated on this machine's CPU");
  verb->add_option("--cpu", options.cpu, "cores of this node; default: all")->type_name("N");
  verb->add_option("--memory", options.memory, "memory of this node; default: all")
      ->type_name("SIZE");
  verb->footer(
      "Again with the same code, it ends what it began.\n"
      "  duru-agent enrol --server http://127.0.0.1:8080 --code CODE --data DIR "
      "--chip dx-m1 --emulated\n");
  return verb;
}

CLI::App* add_run(CLI::App& app, Options& options) {
  CLI::App* verb =
      app.add_subcommand("run", "Run what the server gives this node, in the foreground");
  add_data(verb, options);
  verb->add_flag("--ephemeral", options.ephemeral,
                 "end, with the workload, on TERM or when the server ends its nodes");
  verb->add_option("--heartbeat", options.heartbeat, "sync so often, whatever the server says")
      ->type_name("SPAN");
  add_supervise(verb, options);
  verb->footer(
      "TERM ends the agent; the workload goes on and the next agent adopts it.\n"
      "  duru-agent run --data /var/lib/duru-agent\n");
  return verb;
}

CLI::App* add_unenrol(CLI::App& app, Options& options) {
  CLI::App* verb = app.add_subcommand(
      "unenrol", "End the workload, send what is unsent, remove the folder; end `run` first");
  add_data(verb, options);
  verb->add_flag("--drop-events", options.drop_events,
                 "also when events have not reached the server");
  add_supervise(verb, options);
  verb->footer("  duru-agent unenrol --data /var/lib/duru-agent\n");
  return verb;
}

CLI::App* add_status(CLI::App& app, Options& options) {
  CLI::App* verb = app.add_subcommand("status", "What this node serves, from its disk alone");
  add_data(verb, options);
  verb->add_option("-o,--output", options.output, "table or json")
      ->check(CLI::IsMember({"table", "json"}));
  verb->footer("  duru-agent status --data /var/lib/duru-agent -o json\n");
  return verb;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app(kAbout, "duru-agent");
  Options options;
  app.footer(kExamples);
  app.require_subcommand(1);
  CLI::App* enrol_verb = add_enrol(app, options);
  CLI::App* run_verb = add_run(app, options);
  CLI::App* unenrol_verb = add_unenrol(app, options);
  CLI::App* status_verb = add_status(app, options);
  app.add_subcommand("version", "The version of this agent");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& wrong) {
    return usage(wrong.what());
  }
  if (enrol_verb->parsed()) return do_enrol(options);
  if (run_verb->parsed()) return do_run(options);
  if (unenrol_verb->parsed()) return do_unenrol(options);
  if (status_verb->parsed()) return do_status(options);
  std::puts(DURU_AGENT_VERSION);
  return kExitOk;
}

}  // namespace duru::agent

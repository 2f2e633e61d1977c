#include "duru/core/lifecycle/submission.h"

#include <algorithm>

#include "duru/core/lifecycle/lifecycle.h"
#include "duru/core/placement/placement.h"

namespace duru {
namespace {

Rejection invalid(const std::string& pointer, std::string detail, std::string help) {
  return {"invalid", std::move(detail), std::move(help), pointer};
}

// Names and aliases of chips are.
std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool has_nul(const std::vector<std::string>& texts) {
  return std::any_of(texts.begin(), texts.end(),
                     [](const std::string& text) { return text.find('\0') != std::string::npos; });
}

Rejection check_command(const std::vector<std::string>& command, const std::string& pointer) {
  if (command.empty()) {
    return invalid(pointer, "there is no command", "give the argv as a list: [python3, train.py]");
  }
  if (command[0].empty() || has_nul(command)) {
    return invalid(pointer, "the command's program is empty or an argument holds a NUL byte",
                   "give the argv as a list of texts");
  }
  return {};
}

// As JSON pointers write it (RFC 6901).
std::string escaped(const std::string& name) {
  std::string text;
  for (char c : name) {
    if (c == '~' || c == '/') {
      text += c == '~' ? "~0" : "~1";
    } else {
      text += c;
    }
  }
  return text;
}

Rejection check_env(const std::map<std::string, std::string>& env, const std::string& pointer) {
  for (const auto& [name, value] : env) {
    const bool bad = name.empty() || name.find('=') != std::string::npos ||
                     name.find('\0') != std::string::npos || value.find('\0') != std::string::npos;
    if (bad) {
      return invalid(pointer, "the environment holds a bad name \"" + name + "\"",
                     "names are not empty and hold neither '=' nor NUL");
    }
    if (name.rfind("DURU_", 0) == 0) {
      return invalid(pointer + "/" + escaped(name), "names that begin with DURU_ are set by Duru",
                     "choose another name");
    }
  }
  return {};
}

std::string names_of(const std::map<ChipName, std::set<NodeName>>& nodes_of_chip) {
  std::string names;
  for (const auto& [chip, nodes] : nodes_of_chip) {
    names += (names.empty() ? "" : ", ") + chip.str();
  }
  return names;
}

std::string chips_in_fleet(const State& state) {
  const std::string names = names_of(state.nodes_of_chip);
  const std::string text =
      names.empty()
          ? "the fleet has no accelerators for jobs; duru up --emulate h100=1 emulates one"
          : "the fleet has: " + names;
  const std::string pinned = names_of(state.pinned_of_chip);
  return pinned.empty() ? text : text + "; nodes of the field have " + pinned + " and take no jobs";
}

Rejection check_amount(const std::optional<MilliDevices>& amount, const std::string& pointer) {
  if (!amount.has_value() || (amount->value > 0 && *amount <= kAmountMax)) return {};
  return invalid(pointer, "the amount is not above zero, or beyond counting",
                 "give what one task needs, 1 or more");
}

Rejection check_variants(const State& state, const JobSpec& spec, const std::string& pointer) {
  if (spec.track.has_value() && !spec.variants.empty()) {
    return invalid(pointer + "/track", "track and variants are both given",
                   "name the chips in variants, or leave the choice to the track");
  }
  if (spec.amount.has_value() && spec.track.value_or(Track::kCpu) == Track::kCpu) {
    return invalid(pointer + "/amount", "an amount of accelerators, but no track of any",
                   spec.variants.empty() ? "say track: gpu or track: npu, or name chips in variants"
                                         : "give each variant an amount of its own");
  }
  for (std::size_t i = 0; i < spec.variants.size(); ++i) {
    const Variant& variant = spec.variants[i];
    const std::string at = pointer + "/variants/" + std::to_string(i);
    if (state.chips.count(variant.chip) == 0) {
      return {"unknown-chip", "there is no chip \"" + variant.chip.str() + "\"",
              chips_in_fleet(state) + "; duru get chips lists the catalogue", at + "/chip"};
    }
    if (Rejection r = check_amount(variant.amount, at + "/amount"); !r.empty()) return r;
    if (!variant.command.empty() || spec.command.empty()) {
      if (Rejection r = check_command(variant.command, at + "/command"); !r.empty()) return r;
    }
    if (Rejection r = check_env(variant.env, at + "/env"); !r.empty()) return r;
  }
  return check_amount(spec.amount, pointer + "/amount");
}

Rejection check_numbers(const JobSpec& spec, const std::string& pointer) {
  if (*spec.tasks < 1 || *spec.tasks > kTasksMax) {
    return invalid(pointer + "/tasks", "tasks is " + std::to_string(*spec.tasks),
                   "give 1 to " + std::to_string(kTasksMax));
  }
  if (spec.cpu->value < 0 || spec.memory.value < 0) {
    return invalid(pointer + (spec.cpu->value < 0 ? "/cpu" : "/memory"), "is negative",
                   "give what one task needs");
  }
  if (spec.grace->value < 0 || *spec.grace > kGraceMax) {
    return invalid(pointer + "/grace", "the grace is not between 0 and 24h",
                   "give a span like 30s");
  }
  if (spec.time_limit.value < 0 || spec.time_limit > kTimeLimitMax) {
    return invalid(pointer + "/time_limit", "the time limit is not between 0 and ten years",
                   "give a span like 10m; 0 is none");
  }
  if (spec.kind == JobKind::kSession && spec.time_limit > kLeaseMax) {
    return invalid(pointer + "/time_limit", "a session's lease is at most 30d",
                   "give less, and duru extend it");
  }
  if (spec.retries.limit < 0 || spec.retries.limit > 1000) {
    return invalid(pointer + "/retries/limit", "the limit is out of range", "give 0 to 1000");
  }
  if (spec.retries.limit == 0 && !spec.retries.exit_codes.empty()) {
    return invalid(pointer + "/retries/limit", "exit codes to retry, but a limit of no retries",
                   "say how often, like retries: {limit: 3, exit_codes: [75]}");
  }
  return {};
}

// The decision to start all of it is one fact: each task has its node, its chip and its devices.
Rejection check_size(const JobSpec& spec, const std::string& pointer) {
  constexpr std::int64_t kTaskBytes = 192;
  constexpr std::int64_t kDeviceBytes = 6;
  for (const Request& request : requests_of(spec)) {
    const std::int64_t devices = (request.amount.value + 999) / 1000;
    if (*spec.tasks * (kTaskBytes + devices * kDeviceBytes) <= kAttemptBytesMax.value) continue;
    return invalid(pointer + "/tasks",
                   std::to_string(*spec.tasks) + " tasks with " + std::to_string(devices) +
                       " accelerators each are more than one decision holds",
                   "submit it as several jobs");
  }
  return {};
}

// Without this, nothing would bound how many of its tasks a node runs at once.
Rejection check_host_share(const JobSpec& spec, const std::string& pointer) {
  if (spec.cpu->value > 0) return {};
  for (const Request& request : requests_of(spec)) {
    if (request.needs_accelerator()) continue;
    return invalid(pointer + "/cpu", "a task with no accelerator takes some cpu",
                   "give what one task needs, 0.001 or more");
  }
  return {};
}

Rejection check_files(const JobSpec& spec, const std::string& pointer) {
  Bytes total;
  std::set<std::string> paths;
  for (std::size_t i = 0; i < spec.files.size(); ++i) {
    const JobFile& file = spec.files[i];
    const std::string at = pointer + "/files/" + std::to_string(i);
    if (!is_safe_path(file.path) || !paths.insert(file.path).second) {
      return invalid(at + "/path",
                     "the path \"" + file.path + "\" is not relative, or stands twice",
                     "give a path below the working folder, without . and ..");
    }
    if (file.digest == Digest{}) {
      return invalid(at + "/digest", "the file's digest is missing",
                     "upload it to /v1/projects/" + std::string("{project}") +
                         "/artifacts first and name the digest");
    }
    if (file.size.value < 0) {
      return invalid(at + "/size", "the size is negative", "give the file's size in bytes");
    }
    if (file.size > kFilesMax - total) {
      return invalid(pointer + "/files", "the files have more than 16 MiB together",
                     "at most 16 MiB go with a job; give larger things as inputs");
    }
    total += file.size;
  }
  return {};
}

Rejection check_names(const JobSpec& spec, const std::string& pointer) {
  if (!is_valid_name(spec.name)) {
    return invalid(pointer + "/name", "the name \"" + spec.name + "\" is not usable",
                   "1 to 63 of letters, digits, '.', '_', '-', beginning with a letter or digit");
  }
  std::set<std::string> outputs;
  for (std::size_t i = 0; i < spec.outputs.size(); ++i) {
    if (!is_valid_name(spec.outputs[i], 255) || !outputs.insert(spec.outputs[i]).second) {
      return invalid(pointer + "/outputs/" + std::to_string(i),
                     "the output name \"" + spec.outputs[i] + "\" is not usable, or stands twice",
                     "outputs are plain file names in $DURU_OUTPUTS");
    }
  }
  for (const auto& [name, source] : spec.inputs) {
    if (!is_valid_name(name, 255)) {
      return invalid(pointer + "/inputs", "the input name \"" + name + "\" is not usable",
                     "inputs are plain file names in $DURU_INPUTS");
    }
  }
  return {};
}

bool any_site(const State& state, bool EngineCapabilities::*capability) {
  return std::any_of(state.sites.begin(), state.sites.end(),
                     [&](const auto& entry) { return entry.second.capabilities.*capability; });
}

Rejection check_engine(const State& state, const JobSpec& spec, const std::string& pointer) {
  std::vector<std::pair<std::string, MilliDevices>> amounts;
  std::string image_at = spec.image.empty() ? "" : pointer + "/image";
  if (spec.amount.has_value()) amounts.emplace_back(pointer + "/amount", *spec.amount);
  for (std::size_t i = 0; i < spec.variants.size(); ++i) {
    const std::string at = pointer + "/variants/" + std::to_string(i);
    if (!spec.variants[i].image.empty()) image_at = at + "/image";
    amounts.emplace_back(at + "/amount", spec.variants[i].amount.value_or(MilliDevices(1000)));
  }
  if (!image_at.empty() && !any_site(state, &EngineCapabilities::images)) {
    return {"unsupported", "no site's engine can run container images",
            "give a command that is installed on the node, without image", image_at};
  }
  for (const auto& [at, amount] : amounts) {
    if (amount.value % 1000 != 0 && !any_site(state, &EngineCapabilities::partitions)) {
      return {"unsupported", "no site's engine can give a part of an accelerator",
              "give a whole amount", at};
    }
  }
  return {};
}

// The most accelerators of the chips that one node has, and that the fleet has.
struct Most {
  std::int64_t on_one_node = 0;
  std::int64_t in_fleet = 0;
};
Most most_of(const State& state, const std::vector<const Chip*>& chips) {
  Most most;
  for (const Chip* chip : chips) {
    const auto names = state.nodes_of_chip.find(chip->name);
    if (names == state.nodes_of_chip.end()) continue;
    for (const NodeName& name : names->second) {
      const auto& accelerators = state.nodes.at(name).node.accelerators;
      const std::int64_t count =
          std::count_if(accelerators.begin(), accelerators.end(),
                        [&](const Accelerator& a) { return a.chip == chip->name; });
      most.on_one_node = std::max(most.on_one_node, count);
      most.in_fleet += count;
    }
  }
  return most;
}

// The most cpu and memory that one node has.
std::string largest_node(const State& state) {
  MilliCpu cpu;
  Bytes memory;
  for (const auto& [name, record] : state.nodes) {
    cpu = std::max(cpu, record.node.cpu);
    memory = std::max(memory, record.node.memory);
  }
  return " (no node has more than " + format_decimal(cpu.value, 3) + " cpu or " +
         std::to_string(memory.value >> 20) + " MiB)";
}

std::string describe_need(const State& state, const JobSpec& spec, const Request& request) {
  std::string what = request.chip.empty() ? "" : request.chip.str();
  if (what.empty() && request.needs_accelerator()) {
    what = request.track == Track::kGpu ? "a chip of the gpu track" : "a chip of the npu track";
  }
  std::string text = std::to_string(*spec.tasks) + (*spec.tasks == 1 ? " task" : " tasks");
  if (request.needs_accelerator()) {
    text += " with " + format_decimal(request.amount.value, 3) + " × " + what;
  }
  text += ", " + format_decimal(spec.cpu->value, 3) + " cpu";
  if (spec.memory.value > 0) text += ", " + std::to_string(spec.memory.value >> 20) + " MiB";
  if (*spec.tasks > 1) text += " each";
  text += largest_node(state);
  if (!request.needs_accelerator()) return text;
  const Most most = most_of(state, state.chips_of(request));
  return text + " (the fleet has " + std::to_string(most.in_fleet) + ", at most " +
         std::to_string(most.on_one_node) + " on one node)";
}

}  // namespace

void normalise(const State& state, JobSpec& spec, const JobId& id) {
  if (spec.name.empty()) spec.name = "job-" + id.str().substr(10);
  if (!spec.tasks.has_value()) spec.tasks = 1;
  if (!spec.cpu.has_value()) spec.cpu = MilliCpu(1000);
  if (!spec.grace.has_value()) spec.grace = kDefaultGrace;
  if (spec.kind == JobKind::kSession) {
    if (spec.time_limit.value == 0) spec.time_limit = kDefaultLease;
    if (spec.command.empty()) spec.command = {"sleep", "infinity"};
  }
  for (Variant& variant : spec.variants) {
    const auto alias = state.chip_by_alias.find(lower_case(variant.chip.str()));
    if (alias != state.chip_by_alias.end()) variant.chip = alias->second;
  }
}

Rejection check_form(const State& state, const JobSpec& spec, const std::string& pointer) {
  if (Rejection r = check_names(spec, pointer); !r.empty()) return r;
  if (Rejection r = check_numbers(spec, pointer); !r.empty()) return r;
  if (Rejection r = check_variants(state, spec, pointer); !r.empty()) return r;
  if (Rejection r = check_size(spec, pointer); !r.empty()) return r;
  if (Rejection r = check_host_share(spec, pointer); !r.empty()) return r;
  if (spec.variants.empty() || !spec.command.empty()) {
    if (Rejection r = check_command(spec.command, pointer + "/command"); !r.empty()) return r;
  }
  if (Rejection r = check_env(spec.env, pointer + "/env"); !r.empty()) return r;
  if (Rejection r = check_files(spec, pointer); !r.empty()) return r;
  return check_engine(state, spec, pointer);
}

Rejection check_feasible(const State& state, const JobSpec& spec, const std::string& pointer) {
  std::string needs;
  for (const Request& request : requests_of(spec)) {
    const auto chips = state.chips_of(request);
    if (!first_fit(state, spec, request, chips, CapacityView::kFleet).empty()) return {};
    needs += (needs.empty() ? "" : "; or ") + describe_need(state, spec, request);
  }
  return {"infeasible", "it can never run here: it needs " + needs,
          "ask for less per task, or for another chip; " + chips_in_fleet(state), pointer};
}

}  // namespace duru

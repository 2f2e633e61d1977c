#include "duru/engine/local/launch.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "duru/supervisor/run_folder.h"

namespace duru::local {
namespace {

namespace fs = std::filesystem;
using supervisor::RunFolder;
using supervisor::RunSpec;

constexpr char kDefaultPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const char* track_text(Track track) {
  switch (track) {
    case Track::kGpu:
      return "gpu";
    case Track::kNpu:
      return "npu";
    case Track::kCpu:
      return "cpu";
  }
  return "cpu";
}

Status invalid(const std::string& message) {
  Error error;
  error.code = ErrorCode::kInvalid;
  error.message = message;
  return error;
}

Status filesystem_status(const std::string& what, const std::error_code& error) {
  if (!error) return ok_status();
  return system_error(what, error.value());
}

// Relative, and nowhere a step upwards.
bool is_inside(const std::string& path) {
  fs::path parts(path);
  if (path.empty() || parts.is_absolute()) return false;
  for (const fs::path& part : parts) {
    if (part == "..") return false;
  }
  return true;
}

Status copy_artifact(const ArtifactStore& artifacts, const Digest& digest,
                     const std::string& target, fs::perms perms) {
  auto source = artifacts.path(digest);
  if (!source.ok()) return source.error();
  std::error_code error;
  fs::create_directories(fs::path(target).parent_path(), error);
  DURU_TRY(filesystem_status("make the folder of " + target, error));
  fs::copy_file(source.value(), target, error);
  DURU_TRY(filesystem_status("copy to " + target, error));
  fs::permissions(target, perms, error);
  return filesystem_status("set the mode of " + target, error);
}

Status prepare_folders(const std::string& folder, const TaskRunSpec& spec,
                       const ArtifactStore& artifacts) {
  for (const char* name : {kWorkFolder, kInputsFolder, kOutputsFolder}) {
    std::error_code error;
    fs::remove_all(folder + "/" + name, error);
    DURU_TRY(filesystem_status("clear " + folder + "/" + name, error));
    fs::create_directory(folder + "/" + name, error);
    DURU_TRY(filesystem_status("make " + folder + "/" + name, error));
  }
  const fs::perms plain = fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;
  const fs::perms program = plain | fs::perms::owner_exec | fs::perms::group_exec;
  for (const JobFile& file : spec.files) {
    if (!is_inside(file.path)) return invalid("file `" + file.path + "` is outside the folder");
    DURU_TRY(copy_artifact(artifacts, file.digest, folder + "/" + kWorkFolder + "/" + file.path,
                           (file.executable ? program : plain) | fs::perms::owner_write));
  }
  for (const auto& [name, digest] : spec.inputs) {
    if (!is_inside(name)) return invalid("input `" + name + "` is outside the folder");
    DURU_TRY(copy_artifact(artifacts, digest, folder + "/" + kInputsFolder + "/" + name, plain));
  }
  return ok_status();
}

std::vector<std::string> environment_of(const std::string& folder, const TaskRunSpec& spec) {
  std::map<std::string, std::string> variables = {{"PATH", kDefaultPath}};
  for (const char* name : {"PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ"}) {
    if (const char* value = std::getenv(name)) variables[name] = value;
  }
  for (const auto& [name, value] : spec.env) variables[name] = value;
  std::string devices;
  for (std::int32_t device : spec.allocation.devices) {
    devices += (devices.empty() ? "" : ",") + std::to_string(device);
  }
  variables["DURU_JOB"] = spec.job_name;
  variables["DURU_ATTEMPT"] = std::to_string(spec.attempt);
  variables["DURU_TASK"] = std::to_string(spec.task);
  variables["DURU_TASKS"] = std::to_string(spec.tasks);
  variables["DURU_NODE"] = spec.allocation.node.str();
  variables["DURU_CHIP"] = spec.allocation.chip.str();
  variables["DURU_TRACK"] = track_text(spec.track);
  variables["DURU_DEVICES"] = devices;
  variables["DURU_EMULATED"] = spec.emulated ? "1" : "0";
  variables["DURU_INPUTS"] = folder + "/" + kInputsFolder;
  variables["DURU_OUTPUTS"] = folder + "/" + kOutputsFolder;
  std::vector<std::string> entries;
  for (const auto& [name, value] : variables) entries.push_back(name + "=" + value);
  return entries;
}

RunSpec run_spec(const std::string& folder, const TaskRunSpec& spec, const LaunchOptions& options) {
  RunSpec run;
  run.name = spec.name.str();
  run.argv = spec.command;
  run.environment = environment_of(folder, spec);
  run.working_folder = folder + "/" + kWorkFolder;
  run.time_limit = spec.time_limit;
  run.grace = spec.grace;
  run.log_cap = options.log_cap;
  run.memory_limit = spec.allocation.memory;
  run.cpu_limit = spec.allocation.cpu;
  run.use_cgroup = options.use_cgroup;
  return run;
}

Status write_log_header(const std::string& folder, const TaskRunSpec& spec) {
  std::ofstream log(folder + "/log", std::ios::trunc);
  if (spec.emulated) {
    log << "duru: " << spec.allocation.chip.str()
        << " is emulated: this runs on the machine's CPU, and its times are the CPU's\n";
  }
  return log.good() ? ok_status() : Status(system_error("write the log's header", EIO));
}

// Everything up to the spec. Under the run's lock, so that a supervisor which a server started just
// before it died does not run in a folder that is being cleared.
Result<bool> prepare(const RunFolder& run, const TaskRunSpec& spec, const LaunchOptions& options,
                     const ArtifactStore& artifacts) {
  auto lock = supervisor::lock_run(run.fd());
  if (!lock.ok()) {
    if (lock.error().code == ErrorCode::kConflict) return false;
    return lock.error();
  }
  auto state = run.state();
  if (!state.ok()) return state.error();
  if (state.value().supervisor || state.value().released) return false;
  DURU_TRY(write_launch(run.fd(), spec));
  // What was prepared before may have been for a server with another PATH.
  ::unlinkat(run.fd(), "spec", 0);
  DURU_TRY(prepare_folders(run.path(), spec, artifacts));
  DURU_TRY(write_log_header(run.path(), spec));
  DURU_TRY(run.write_spec(run_spec(run.path(), spec, options)));
  return true;
}

Refusal refusal_of(const Error& error) {
  bool fault_of_job = error.code == ErrorCode::kInvalid;
  return {fault_of_job ? EndCause::kFailedToStart : EndCause::kLost, error.message};
}

}  // namespace

std::optional<Refusal> launch_run(const std::string& folder, const TaskRunSpec& spec,
                                  const LaunchOptions& options, const ArtifactStore& artifacts) {
  if (!spec.image.empty()) {
    return Refusal{EndCause::kFailedToStart, "this engine runs no images"};
  }
  auto run = RunFolder::create(folder);
  if (!run.ok()) return refusal_of(run.error());
  auto prepared = prepare(run.value(), spec, options, artifacts);
  if (!prepared.ok()) return refusal_of(prepared.error());
  if (!prepared.value()) return std::nullopt;
  Status started = run.value().start(options.supervise_program, options.open_files);
  if (started.ok() || started.error().code == ErrorCode::kConflict) return std::nullopt;
  return Refusal{EndCause::kLost, started.error().message};
}

Outputs store_outputs(const std::string& folder, const TaskRunSpec& spec,
                      ArtifactStore& artifacts) {
  Outputs outputs;
  for (const std::string& name : spec.outputs) {
    const std::string path = folder + "/" + kOutputsFolder + "/" + name;
    if (!is_inside(name)) return {OutputsPhase::kMissing, {}, "output `" + name + "` is no name"};
    auto artifact = artifacts.put_file(path, PutMode::kLink);
    if (artifact.ok()) {
      outputs.stored[name] = {artifact.value().digest, artifact.value().size};
      continue;
    }
    switch (artifact.error().code) {
      case ErrorCode::kNotFound:
        return {OutputsPhase::kMissing, {}, "output `" + name + "` was not written"};
      case ErrorCode::kInvalid:
        return {OutputsPhase::kMissing, {}, "output `" + name + "` is not a plain file"};
      default:
        return {OutputsPhase::kFailed, {}, "output `" + name + "`: " + artifact.error().message};
    }
  }
  outputs.phase = OutputsPhase::kStored;
  return outputs;
}

}  // namespace duru::local

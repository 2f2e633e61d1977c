#include "duru/engine/local/local_engine.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "duru/engine/local/observer.h"
#include "duru/supervisor/cgroup.h"

namespace duru {
namespace {

constexpr std::int64_t kLogChunkMax = 4 << 20;

Error not_found(const std::string& message) {
  Error error;
  error.code = ErrorCode::kNotFound;
  error.message = message;
  return error;
}

}  // namespace

Result<std::unique_ptr<LocalEngine>> LocalEngine::open(LocalEngineOptions options,
                                                       const Clock& clock,
                                                       ArtifactStore& artifacts) {
  if (::access(options.supervise_program.c_str(), X_OK) != 0) {
    return system_error("the supervisor program " + options.supervise_program, errno);
  }
  const std::string runs = options.data_folder + "/runs";
  if (::mkdir(runs.c_str(), 0700) != 0 && errno != EEXIST) {
    return system_error("make " + runs, errno);
  }
  return std::unique_ptr<LocalEngine>(new LocalEngine(std::move(options), clock, artifacts));
}

LocalEngine::LocalEngine(LocalEngineOptions options, const Clock& clock, ArtifactStore& artifacts)
    : options_(std::move(options)), clock_(clock), artifacts_(artifacts) {
  observer_ = std::make_unique<Observer>(options_, clock_, artifacts_, observed_through_);
}

LocalEngine::~LocalEngine() { shutdown(); }

EngineCapabilities LocalEngine::capabilities() const {
  EngineCapabilities capabilities;
  capabilities.binds_devices = true;
  capabilities.logs = true;
  capabilities.adopt = true;
  capabilities.enforces_memory = options_.use_cgroup && supervisor::memory_can_be_limited();
  return capabilities;
}

Status LocalEngine::start(Sink sink) { return observer_->start(std::move(sink)); }

void LocalEngine::shutdown() { observer_->stop(); }

void LocalEngine::run(const TaskRunSpec& spec) {
  observer_->post([this, spec] { observer_->want_run(spec); });
}

void LocalEngine::stop(const TaskRunName& name, Milliseconds grace) {
  observer_->post([this, name, grace] { observer_->want_stop(name, grace); });
}

void LocalEngine::forget(const TaskRunName& name) {
  observer_->post([this, name] { observer_->want_forget(name); });
}

void LocalEngine::reconcile(const std::vector<TaskRunName>& desired) {
  observer_->post([this, desired] { observer_->reconcile(desired); });
}

Result<LogChunk> LocalEngine::read_log(const TaskRunName& name, std::int64_t offset,
                                       std::int64_t bytes_max) {
  RunIdentity identity;
  if (!parse_run_name(name, options_.installation, identity)) {
    return not_found("no run `" + name.str() + "` here");
  }
  const std::string folder = observer_->folder_of(name);
  // Asked first: after the release nothing is added, so what is read then is all of it.
  bool released = ::access((folder + "/released").c_str(), F_OK) == 0;
  supervisor::Fd file(::open((folder + "/log").c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid() && errno == ENOENT && !released) return not_found("no log of " + name.str());
  if (!file.valid() && errno != ENOENT) return system_error("open the log of " + name.str(), errno);
  LogChunk chunk;
  chunk.next_offset = std::max<std::int64_t>(offset, 0);
  chunk.complete = released;
  if (!file.valid()) return chunk;
  auto wanted = std::clamp<std::int64_t>(bytes_max, 1, kLogChunkMax);
  chunk.bytes.resize(static_cast<std::size_t>(wanted));
  ssize_t got = ::pread(file.get(), chunk.bytes.data(), chunk.bytes.size(),
                        static_cast<off_t>(chunk.next_offset));
  if (got < 0) return system_error("read the log of " + name.str(), errno);
  chunk.bytes.resize(static_cast<std::size_t>(got));
  chunk.next_offset += got;
  struct stat status {};
  bool at_end = ::fstat(file.get(), &status) == 0 && chunk.next_offset >= status.st_size;
  chunk.complete = released && at_end;
  return chunk;
}

}  // namespace duru

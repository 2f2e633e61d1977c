#include "duru/server/artifact_sweeper.h"

#include <chrono>

#include "duru/api/objects.h"
#include "duru/base/clock.h"
#include "duru/base/json.h"

namespace duru {
namespace {

constexpr std::chrono::hours kEvery{1};
constexpr std::size_t kPage = 200;

void add_spec(const JobSpec& spec, std::set<Digest>& into) {
  for (const JobFile& file : spec.files) into.insert(file.digest);
  for (const auto& [name, source] : spec.inputs) {
    Digest digest;
    if (source.rfind("sha256:", 0) == 0 && digest.parse(source.substr(7))) into.insert(digest);
  }
}

// A detail that does not read is a reason to keep everything: an error.
Status add_detail(const HistoryJob& job, std::set<Digest>& into) {
  const JsonResult<JobDetail> detail = from_json<JobDetail>(job.detail);
  if (!detail.ok()) {
    return Error{ErrorCode::kDamaged,
                 "the history's job " + job.id + ": " + detail.problems[0].detail, false, false};
  }
  add_spec(detail.value.spec, into);
  for (const OutputObject& output : detail.value.outputs) {
    Digest digest;
    if (digest.parse(output.digest)) into.insert(digest);
  }
  return ok_status();
}

}  // namespace

std::set<Digest> referenced_artifacts(const State& state) {
  std::set<Digest> digests;
  for (const auto& [id, job] : state.jobs) {
    add_spec(job.spec, digests);
    for (const JobInput& input : job.inputs) digests.insert(input.digest);
    for (const auto& [name, output] : job.outputs) digests.insert(output.digest);
  }
  for (const auto& [id, workload] : state.workloads) {
    if (!workload.attempt.has_value()) continue;
    for (const auto& [name, digest] : workload.attempt->inputs) digests.insert(digest);
    // Of task 0, stored while other tasks run on, for days perhaps.
    for (const auto& [name, output] : workload.attempt->outputs) digests.insert(output.digest);
  }
  return digests;
}

std::set<Digest> referenced_artifacts(const EdgeState& state) {
  std::set<Digest> digests;
  for (const auto& [name, release] : state.releases) {
    digests.insert(release.digest);
    for (const JobFile& file : release.manifest.files) digests.insert(file.digest);
  }
  return digests;
}

ArtifactSweeper::ArtifactSweeper(const View& view, const EdgeModule& edge, History& history,
                                 ArtifactStore& artifacts,
                                 std::function<void(const std::string&)> warn)
    : view_(view), edge_(edge), history_(history), artifacts_(artifacts), warn_(std::move(warn)) {}

ArtifactSweeper::~ArtifactSweeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void ArtifactSweeper::begin() {
  thread_ = std::thread([this] { run(); });
}

Result<std::size_t> ArtifactSweeper::sweep(Timestamp now) {
  // The state first: a job that ends meanwhile is in it, whatever the history shows by then.
  std::set<Digest> keep = view_.read([&](const View::Reading& reading) {
    std::set<Digest> named = referenced_artifacts(reading.state);
    named.merge(referenced_artifacts(edge_.state()));
    return named;
  });
  DURU_TRY(history_.flush());
  HistoryJob last;
  while (true) {
    Result<std::vector<HistoryJob>> page = history_.jobs_after(last.project, last.id, kPage);
    if (!page.ok()) return page.error();
    if (page.value().empty()) break;
    for (const HistoryJob& job : page.value()) DURU_TRY(add_detail(job, keep));
    last = std::move(page.value().back());
  }
  const auto swept =
      artifacts_.sweep([&](const Digest& digest) { return keep.count(digest) > 0; }, now - kKeep);
  if (!swept.ok()) return swept.error();
  return swept.value().size();
}

void ArtifactSweeper::run() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kEvery, [&] { return stopping_; })) {
    lock.unlock();
    const Result<std::size_t> swept = sweep(wall_time());
    if (!swept.ok() && warn_) warn_("artifacts are not swept: " + swept.error().message);
    lock.lock();
  }
}

}  // namespace duru

#include "duru/server/api/log_streams.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "duru/api/render.h"

namespace duru {
namespace {

constexpr std::int64_t kChunkBytes = 64 * 1024;
// More is read once the reader has taken what is waiting.
constexpr std::size_t kBufferedMax = std::size_t{256} << 10;
constexpr std::chrono::milliseconds kPollEvery(100);

}  // namespace

LogStreams::LogStreams(ApiContext& context) : context_(context), thread_([this] { run(); }) {}

LogStreams::~LogStreams() { stop(); }

void LogStreams::add(http::Stream stream, LogTarget target) {
  const std::lock_guard lock(mutex_);
  added_.push_back({std::move(stream), std::move(target), 0});
  changed_.notify_one();
}

void LogStreams::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void LogStreams::run() {
  std::vector<Reader> readers;
  bool moved = false;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      const auto woken = [this] { return stopping_ || !added_.empty(); };
      if (readers.empty()) {
        changed_.wait(lock, woken);
      } else if (!moved) {
        changed_.wait_for(lock, kPollEvery, woken);
      }
      if (stopping_) return;
      std::move(added_.begin(), added_.end(), std::back_inserter(readers));
      added_.clear();
    }
    moved = false;
    std::erase_if(readers, [&](Reader& reader) {
      const Step done = step(reader);
      moved |= done == Step::kMoved;
      return done == Step::kDone;
    });
  }
}

LogStreams::Step LogStreams::find_run(LogTarget& target) const {
  return context_.view.read([&](const View::Reading& reading) {
    const JobRecord* job = reading.state.job(target.job);
    if (job == nullptr) return Step::kDone;
    const auto attempts = attempts_of(reading.state, *job);
    if (attempts.empty()) return is_final(job->state) ? Step::kDone : Step::kIdle;
    target.run = task_run_name(reading.state.installation, workload_of(target.job),
                               attempts.back()->number, target.task);
    return Step::kMoved;
  });
}

bool LogStreams::is_live(const LogTarget& target) const {
  return context_.view.read([&](const View::Reading& reading) {
    const WorkloadRecord* workload = reading.state.workload(workload_of(target.job));
    if (workload == nullptr || !workload->attempt.has_value()) return false;
    const AttemptRecord& attempt = *workload->attempt;
    const auto task = static_cast<std::size_t>(target.task);
    const bool same = task_run_name(reading.state.installation, workload->id, attempt.number,
                                    target.task) == target.run;
    return same && task < attempt.tasks.size() && !attempt.tasks[task].released_at.has_value();
  });
}

LogStreams::Step LogStreams::step_without_log(Reader& reader) {
  if (reader.target.follow && is_live(reader.target)) return Step::kIdle;
  reader.stream.close();
  return Step::kDone;
}

LogStreams::Step LogStreams::step(Reader& reader) {
  if (reader.stream.closed()) return Step::kDone;
  if (reader.stream.buffered_bytes() > kBufferedMax) return Step::kIdle;
  if (reader.target.run.empty()) {
    const Step found = find_run(reader.target);
    if (found == Step::kDone) reader.stream.close();
    return found;
  }
  const bool was_live = is_live(reader.target);
  Result<LogChunk> read = context_.engine.read_log(reader.target.run, reader.offset, kChunkBytes);
  if (!read.ok()) {
    // Another error than "there is none": the reader sees that the end is missing.
    return read.error().code == ErrorCode::kNotFound ? step_without_log(reader) : Step::kDone;
  }
  LogChunk& chunk = read.value();
  const bool moved = !chunk.bytes.empty();
  reader.offset = chunk.next_offset;
  if (moved) reader.stream.write(std::move(chunk.bytes));
  // Released before it was read, and nothing came: also an engine that cannot tell is at the end.
  const bool over = chunk.complete || (!moved && (!reader.target.follow || !was_live));
  if (!over) return moved ? Step::kMoved : Step::kIdle;
  reader.stream.close();
  return Step::kDone;
}

}  // namespace duru

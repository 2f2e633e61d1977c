#include "duru/loop/live_loop.h"

#include <algorithm>
#include <chrono>

namespace duru {
namespace {

constexpr Milliseconds kMarkEvery(250);  // a mark is at most 1 s old
constexpr Milliseconds kResendEvery = minutes(1);
constexpr Milliseconds kStepEvery(20);  // of a resend
// So much is decided before anything else gets its turn.
constexpr std::size_t kBatchMax = 512;

}  // namespace

LiveLoop::LiveLoop(Loop& loop, View& view, Outbox& outbox, Journal& journal, const Clock& clock,
                   LiveLoopOptions options)
    : loop_(loop),
      view_(view),
      outbox_(outbox),
      journal_(journal),
      clock_(clock),
      options_(std::move(options)) {}

LiveLoop::~LiveLoop() { stop(); }

void LiveLoop::start() {
  loop_thread_ = std::thread([this] { run_loop(); });
  view_thread_ = std::thread([this] { run_view(); });
}

void LiveLoop::submit(CommandRequest request) {
  const std::lock_guard lock(mutex_);
  inputs_.push_back({std::move(request), {}});
  changed_.notify_one();
}

void LiveLoop::observe(Message observation) {
  const std::lock_guard lock(mutex_);
  inputs_.push_back({std::nullopt, std::move(observation)});
  changed_.notify_one();
}

void LiveLoop::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (loop_thread_.joinable()) loop_thread_.join();
  outbox_.close();
  if (view_thread_.joinable()) view_thread_.join();
}

void LiveLoop::wait_for_input() {
  {
    const std::lock_guard lock(mutex_);
    if (!inputs_.empty() || stopping_) return;
  }
  // Asked of the loop without the lock: whoever brings an input does not wait for it.
  Milliseconds at_most = kMarkEvery;
  if (const auto deadline = loop_.next_deadline()) {
    at_most = std::min(at_most, std::max(since(*deadline, clock_.now()), Milliseconds(0)));
  }
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::milliseconds(at_most.value),
                    [&] { return !inputs_.empty() || stopping_; });
}

void LiveLoop::take(std::deque<Input>& batch) {
  for (Input& input : batch) {
    if (input.request.has_value()) {
      loop_.submit(std::move(*input.request), clock_.now());
    } else {
      loop_.observe(input.observation, clock_.now());
    }
  }
}

void LiveLoop::run_loop() {
  Timestamp marked_at;
  while (true) {
    wait_for_input();
    // Read before the inputs: what the engines had reported by then is in this batch, or still in
    // the queue, and then no mark is set.
    const Timestamp asked_at = clock_.now();
    const Timestamp observed = options_.observed_through ? options_.observed_through() : asked_at;
    std::deque<Input> batch;
    bool stopping = false;
    bool took_all = false;
    {
      const std::lock_guard lock(mutex_);
      stopping = stopping_;
      while (!inputs_.empty() && batch.size() < kBatchMax) {
        batch.push_back(std::move(inputs_.front()));
        inputs_.pop_front();
      }
      took_all = inputs_.empty();
    }
    take(batch);
    const Timestamp now = clock_.now();
    if (const auto deadline = loop_.next_deadline(); deadline.has_value() && *deadline <= now) {
      loop_.tick(now);
    }
    if (took_all && since(now, marked_at) >= kMarkEvery) {
      // Recorded first: the next server knows that no mark was later than this.
      record_alive(asked_at);
      loop_.mark_time(std::min(asked_at, observed));
      marked_at = now;
    }
    if (stopping && batch.empty()) break;
  }
  record_alive(clock_.now());
  // A failure was told to the journal's listener already, and the server stops by that.
  static_cast<void>(journal_.flush());
}

void LiveLoop::record_alive(Timestamp now) {
  const Status recorded = journal_.record_alive(now.value);
  if (!recorded.ok() && recorded_alive_ && options_.warn) options_.warn(recorded.error());
  recorded_alive_ = recorded.ok();
}

void LiveLoop::run_view() {
  Timestamp resent_at = clock_.now();
  bool resending = false;
  while (true) {
    // Asked before the draining: what came before the closing is in the outbox by then.
    const bool closed = outbox_.closed();
    if (view_.drain(outbox_)) continue;
    if (closed) return;
    if (options_.resend_step && (resending || since(clock_.now(), resent_at) >= kResendEvery)) {
      if (!resending) resent_at = clock_.now();
      resending = !view_.read(
          [&](const View::Reading& reading) { return options_.resend_step(reading.state); });
    }
    outbox_.wait(resending ? kStepEvery : seconds(1));
  }
}

}  // namespace duru

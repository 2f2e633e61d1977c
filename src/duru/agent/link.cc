#include "duru/agent/link.h"

#include <sys/random.h>

#include <algorithm>
#include <chrono>

#include "duru/agent/loose_json.h"
#include "duru/base/clock.h"
#include "duru/base/wire.h"

namespace duru::agent {
namespace {

// With a longer heartbeat the connection is not kept from one sync to the next.
constexpr Milliseconds kKeepUpTo = minutes(5);
// Between two tries to send what is left at the end, where the server does not get on.
constexpr Milliseconds kRestPause = seconds(1);
constexpr Milliseconds kFetchPause = seconds(1);
constexpr Milliseconds kFetchPauseMax = minutes(5);

http::Headers headers_of(const LinkOptions& options) {
  return {{"Authorization", "Bearer " + options.credential}};
}

http::ClientOptions sync_options(const LinkOptions& options) {
  http::ClientOptions made;
  made.connect_max = seconds(5);
  made.silence_max = seconds(20);
  made.unacknowledged_max = made.connect_max;
  made.answer_bytes_max = 1 << 20;
  made.headers = headers_of(options);
  made.trust = options.trust;
  return made;
}

Milliseconds doubled(Milliseconds pause, Milliseconds from, Milliseconds at_most) {
  if (pause.value == 0) return from;
  return std::min(pause + pause, std::max(from, at_most));
}

std::uint64_t draw() {
  std::uint64_t number = 0;
  while (::getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) continue;
  return number;
}

}  // namespace

Link::Link(LinkOptions options, Spool& spool, BlobStore& blobs, Log& log,
           std::function<void()> wake)
    : options_(std::move(options)),
      spool_(spool),
      log_(log),
      wake_(std::move(wake)),
      pace_({options_.heartbeat_always.value_or(options_.heartbeat), spool.is_new_boot()}, draw),
      client_(options_.server, sync_options(options_)),
      fetcher_(options_.server, {.headers = headers_of(options_), .trust = options_.trust}, blobs,
               options_.release_key),
      thread_([this] { work(); }) {}

Link::~Link() {
  {
    Lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Link::report(const Report& report) {
  Lock lock(mutex_);
  const bool is_news = !report_ || report.revision != report_->revision ||
                       report.phase != report_->phase || report.serving != report_->serving ||
                       report.detail != report_->detail;
  report_ = report;
  pace_.reported(boottime_ms(), is_news);
  if (is_news) changed_.notify_all();
}

void Link::news() {
  Lock lock(mutex_);
  pace_.event_waits();
  changed_.notify_all();
}

std::optional<SyncReply> Link::take_reply() {
  Lock lock(mutex_);
  return std::exchange(reply_, std::nullopt);
}

void Link::order(const ReleaseRef& release) {
  Lock lock(mutex_);
  const bool is_same = order_ && encode(*order_) == encode(release);
  if (is_same && fetch_status_.state != FetchStatus::State::kReady) return;
  order_ = release;
  next_fetch_ms_ = 0;
  fetch_pause_ = Milliseconds(0);
  fetch_status_ = {FetchStatus::State::kWorking, ""};
  changed_.notify_all();
}

void Link::cancel_order() {
  Lock lock(mutex_);
  order_.reset();
  fetch_status_ = {};
}

FetchStatus Link::fetch_status() const {
  Lock lock(mutex_);
  return fetch_status_;
}

void Link::say_goodbye(Milliseconds patience) {
  const std::chrono::milliseconds patience_ms(patience.value);
  Lock lock(mutex_);
  ends_ = true;
  changed_.notify_all();
  for (bool gets_on = true; gets_on && spool_.has_waiting();) {
    const auto before = server_has_;
    gets_on = changed_.wait_for(lock, patience_ms, [&] { return server_has_ > before; });
  }
  goodbye_ = true;
  changed_.notify_all();
  changed_.wait_for(lock, patience_ms, [this] { return goodbye_said_; });
}

void Link::work() {
  if (spool_.has_waiting()) news();
  for (;;) {
    look_at_main_loop();
    {
      Lock lock(mutex_);
      const std::int64_t now = boottime_ms();
      const std::int64_t wait_ms = next_turn_ms(now) - now;
      if (wait_ms > 0 && !stopping_ && !goodbye_) {
        changed_.wait_for(lock, std::chrono::milliseconds(std::min<std::int64_t>(wait_ms, 1000)));
      }
      if (stopping_) return;
    }
    if (sync_is_due()) sync();
    fetch();
    Lock lock(mutex_);
    if (goodbye_said_) return;
  }
}

void Link::look_at_main_loop() {
  bool stands_still = false;
  {
    Lock lock(mutex_);
    stands_still = pace_.stands_still(boottime_ms());
  }
  if (stands_still) {
    log_.problem("loop", "the main loop stands still; the server is told nothing until it goes on");
  } else {
    log_.solved("loop", "the main loop goes on");
  }
}

// With the mutex held.
std::int64_t Link::next_turn_ms(std::int64_t now) const {
  const std::int64_t look = pace_.next_look(now);
  const std::int64_t turn = sends_rest() ? std::min(look, next_rest_ms_) : look;
  const bool fetches = order_ && fetch_status_.state == FetchStatus::State::kWorking;
  return fetches ? std::min(turn, next_fetch_ms_) : turn;
}

bool Link::sync_is_due() const {
  Lock lock(mutex_);
  const std::int64_t now = boottime_ms();
  return report_ && (goodbye_ || pace_.is_due(now) || (sends_rest() && now >= next_rest_ms_));
}

// With the mutex held.
bool Link::sends_rest() const { return ends_ && report_ && spool_.has_waiting(); }

SyncRequest Link::request() const {
  SyncRequest request;
  request.boot_id = boot_id();
  request.uptime = Milliseconds(boottime_ms());
  request.events = spool_.batch(kEventsPerSync);
  request.ephemeral = options_.ephemeral;
  request.agent_version = DURU_AGENT_VERSION;
  Lock lock(mutex_);
  request.revision = report_->revision;
  request.phase = report_->phase;
  request.serving = report_->serving;
  request.detail = report_->detail;
  request.counters = report_->counters;
  request.counts_anew = report_->counts_anew;
  request.counters.events_dropped = spool_.dropped();
  request.goodbye = goodbye_;
  return request;
}

void Link::sync() {
  http::Headers headers = {{"Content-Type", "application/json"}};
  {
    Lock lock(mutex_);
    pace_.asked();
    next_rest_ms_ = boottime_ms() + kRestPause.value;
    if (pace_.heartbeat() > kKeepUpTo) headers.set("Connection", "close");
  }
  SyncRequest said;
  Milliseconds asked_at;
  const auto ask = [&] {
    asked_at = Milliseconds(boottime_ms());
    said = request();
    return client_.request("POST", "/v1/field/sync", headers, to_json(said, JsonForm::kSparse));
  };
  auto answer = ask();
  // A kept connection may be dead without a word; what is said may be said twice.
  const bool was_dead =
      !answer.ok() && client_.used_kept() && answer.error().code == ErrorCode::kUnavailable;
  if (was_dead) answer = ask();
  if (answer.ok()) {
    take_answer(answer.value(), asked_at, said);
  } else {
    back_off("the server cannot be reached: " + answer.error().message);
  }
  {
    Lock lock(mutex_);
    if (said.goodbye) goodbye_said_ = true;
  }
  changed_.notify_all();
}

void Link::take_answer(const http::ClientResponse& answer, Milliseconds asked_at,
                       const SyncRequest& said) {
  if (answer.status == 401 || answer.status == 403) {
    {
      Lock lock(mutex_);
      pace_.refused(boottime_ms());
    }
    return log_.problem("sync", "the server refuses this node (" +
                                    text_member(answer.body, "type") +
                                    "): " + text_member(answer.body, "detail") +
                                    "; what runs goes on, the server is asked again");
  }
  if (!answer.is_success()) {
    return back_off("the server answers " + std::to_string(answer.status) + ": " +
                    text_member(answer.body, "detail"));
  }
  auto reply = from_json<SyncReply>(answer.body, {.skips_unknown = true});
  if (!reply.ok()) {
    return back_off("the server's reply is not understood: " + reply.problems[0].pointer + " " +
                    reply.problems[0].detail);
  }
  log_.solved("sync", "the server is there");
  spool_.note_server_time(reply.value.server_time, asked_at);
  spool_.acknowledge(reply.value.events_through);
  const bool took_all =
      said.events.empty() || reply.value.events_through >= said.events.back().number;
  Lock lock(mutex_);
  const bool is_told = !options_.heartbeat_always && reply.value.heartbeat.value > 0;
  pace_.answered(boottime_ms(), is_told ? reply.value.heartbeat : pace_.heartbeat());
  // At the end it is all that there is to wait for.
  if (!server_has_ || reply.value.events_through > *server_has_) next_rest_ms_ = 0;
  server_has_ = reply.value.events_through;
  // The rest of a long list is news too.
  if (took_all && spool_.has_waiting()) pace_.event_waits();
  reply_ = std::move(reply.value);
  wake_();
}

void Link::back_off(const std::string& problem) {
  {
    Lock lock(mutex_);
    pace_.failed(boottime_ms());
  }
  log_.problem("sync", problem + "; what runs goes on");
}

void Link::fetch() {
  std::optional<ReleaseRef> wanted;
  {
    Lock lock(mutex_);
    const bool is_due = order_ && fetch_status_.state == FetchStatus::State::kWorking &&
                        boottime_ms() >= next_fetch_ms_;
    if (!is_due) return;
    wanted = order_;
  }
  const std::string key = encode(*wanted);
  auto still_wanted = [&] {
    if (sync_is_due()) sync();
    Lock lock(mutex_);
    return !stopping_ && !goodbye_said_ && order_ && encode(*order_) == key;
  };
  const FetchResult result = fetcher_.fetch(*wanted, still_wanted);
  {
    Lock lock(mutex_);
    if (!order_ || encode(*order_) != key) return;
    fetch_status_.detail = result.detail;
    if (result.end == FetchResult::End::kReady) fetch_status_.state = FetchStatus::State::kReady;
    if (result.end == FetchResult::End::kRefused) {
      fetch_status_.state = FetchStatus::State::kRefused;
    }
    if (result.made_progress) fetch_pause_ = Milliseconds(0);
    fetch_pause_ = doubled(fetch_pause_, std::min(kFetchPause, pace_.heartbeat()), kFetchPauseMax);
    next_fetch_ms_ = boottime_ms() + jittered(fetch_pause_, draw()).value;
  }
  if (result.end == FetchResult::End::kFailed) {
    log_.problem("fetch", "release " + wanted->name + " does not come: " + result.detail);
  } else {
    log_.solved("fetch", "release " + wanted->name + " came");
  }
  wake_();
}

}  // namespace duru::agent

#include "duru/engine/agent/agent_engine.h"

#include <algorithm>
#include <unordered_set>

#include "duru/base/wire.h"

namespace duru {
namespace {

constexpr int kLateAfter = 2;  // heartbeats
// A message is late by minutes at most; later, an old boot's id is a restored machine.
constexpr Milliseconds kFormerBootFor = hours(1);

std::size_t hash_of(const std::string& text) { return std::hash<std::string>()(text); }

std::string standing_of(std::int64_t revision, FieldPhase phase, const std::string& serving) {
  return std::to_string(revision) + "/" + std::to_string(static_cast<int>(phase)) + "/" + serving;
}

// What of a report's standing the module may make something of.
std::size_t taken_of(const ReportField& report) {
  return hash_of(standing_of(report.revision, report.phase, report.serving) +
                 (report.detail.empty() ? "/" : "/detail") +
                 (report.steady_for.value > 0 ? "/steady" : "/"));
}

// Nothing of ours runs there, and it knows of nothing that should.
bool says_empty(const SyncRequest& request) {
  return request.phase == FieldPhase::kNone && request.revision == 0 && request.serving.empty();
}

}  // namespace

std::string_view link_name(LinkState state) {
  constexpr std::string_view kNames[] = {"unknown", "online", "late", "lost"};
  return kNames[static_cast<std::size_t>(state)];
}

AgentEngine::AgentEngine(AgentEngineOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

AgentEngine::~AgentEngine() { shutdown(); }

EngineCapabilities AgentEngine::capabilities() const {
  EngineCapabilities capabilities;
  capabilities.binds_devices = true;
  capabilities.adopt = true;
  return capabilities;
}

Status AgentEngine::start(Sink sink) {
  const std::lock_guard lock(mutex_);
  sink_ = std::move(sink);
  if (options_.check_every.value > 0) thread_ = std::thread([this] { run_checks(); });
  return ok_status();
}

void AgentEngine::shutdown() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    sink_ = nullptr;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

// --- what should run

void AgentEngine::run(const TaskRunSpec& spec) {
  const std::lock_guard lock(mutex_);
  if (spec.term < term_) return;
  term_ = spec.term;
  if (!spec.revision.has_value()) return;  // the site takes services only
  Entry& entry = entry_of(spec.allocation.node);
  if (entry.run != nullptr && entry.run->name != spec.name) {
    // A node runs one service at a time; the next is said again when this one has ended.
    if (!entry.run->ended_at.has_value()) return;
    forget_run(entry);
  }
  if (entry.run == nullptr) {
    entry.run = std::make_unique<Run>();
    entry.run->name = spec.name;
    runs_[spec.name.str()] = &entry;
    if (early_stops_.erase(spec.name.str()) > 0) begin_stop(entry);
  }
  Run& run = *entry.run;
  if (spec.revision->number >= run.revision) {
    run.revision = spec.revision->number;
    run.current = share(spec.revision->current);
    run.previous = spec.revision->previous.has_value() ? share(*spec.revision->previous) : nullptr;
  }
  report(run);
}

void AgentEngine::stop(const TaskRunName& name, Milliseconds) {
  const std::lock_guard lock(mutex_);
  Entry* entry = entry_of_run(name);
  if (entry == nullptr) {
    early_stops_.try_emplace(name.str(), clock_.now());
    return;
  }
  begin_stop(*entry);
  report(*entry->run);
}

void AgentEngine::forget(const TaskRunName& name) {
  const std::lock_guard lock(mutex_);
  early_stops_.erase(name.str());
  if (Entry* entry = entry_of_run(name)) forget_run(*entry);
}

void AgentEngine::reconcile(const std::vector<TaskRunName>& desired) {
  const std::lock_guard lock(mutex_);
  ready_ = true;
  std::unordered_set<std::string_view> wanted;
  for (const TaskRunName& name : desired) wanted.insert(name.str());
  for (auto& [node, entry] : entries_) {
    if (entry.run != nullptr && wanted.count(entry.run->name.str()) == 0) forget_run(entry);
  }
  std::erase_if(early_stops_, [&](const auto& stop) { return wanted.count(stop.first) == 0; });
}

Result<LogChunk> AgentEngine::read_log(const TaskRunName& name, std::int64_t, std::int64_t) {
  return Error{ErrorCode::kUnsupported,
               "the log of " + name.str() + " stays on its node; ask there", false, false};
}

// Under the lock under which everything is reported: what is reported from now on is not older.
Timestamp AgentEngine::observed_through() const {
  const std::lock_guard lock(mutex_);
  return clock_.now();
}

bool AgentEngine::ready() const {
  const std::lock_guard lock(mutex_);
  return ready_;
}

// --- what nodes say

void AgentEngine::expect(const NodeName& node, Milliseconds heartbeat) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entry_of(node);
  entry.expected_at = clock_.now();
  entry.heartbeat = heartbeat;
  entry.gone = false;
  entry.former_boots = {};  // it may be another machine under that name
  watch(entry);
}

std::optional<ReportField> AgentEngine::on_sync(const NodeName& node, const SyncRequest& request,
                                                const FieldKnown& known) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entry_of(node);
  const std::size_t events = entry.credit.take_events(request, known.events_through, clock_.now());
  if (events == request.events.size()) return take_sync(entry, request, known);
  SyncRequest rest = request;  // the other events are said again
  rest.events.resize(events);
  return take_sync(entry, rest, known);
}

std::optional<ReportField> AgentEngine::take_sync(Entry& entry, const SyncRequest& request,
                                                  const FieldKnown& known) {
  const Timestamp now = clock_.now();
  const NodeName node(*entry.name);
  if (entry.counted_at.value == 0) entry.counted_at = now;
  entry.heartbeat = known.heartbeat;
  if (is_of_former_boot(entry, request, now)) return std::nullopt;
  const Arrival arrival = arrival_of(entry, request, now);
  const bool overtaken = request.uptime < entry.uptime;
  if (overtaken) return events_of(node, request, known, arrival);
  entry.uptime = request.uptime;
  const bool is_back = !request.goodbye && (entry.told_down || known.down);
  const std::size_t says = hash_of(standing_of(request.revision, request.phase, request.serving));
  if (entry.says != says || is_back) entry.says_since = now;
  entry.says = says;
  hear(entry, request, now);
  follow_run(entry, request, now);
  const bool report_due = since(now, entry.counted_at) >= known.report_every;
  std::optional<ReportField> news =
      news_of(node, request, known, arrival, since(now, entry.says_since), report_due);
  // The module made nothing of this standing: it is about a revision that was replaced, say.
  const bool is_known = news.has_value() && entry.took == taken_of(*news) && news->events.empty() &&
                        !report_due && !request.goodbye;
  if (is_known || (news.has_value() && !entry.credit.take_news(now))) news.reset();
  entry.owes_up = is_back && news.has_value();
  if (is_back && !news.has_value()) say_up(entry);
  return news;
}

void AgentEngine::took(const ReportField& report) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entry_of(report.node);
  entry.took = taken_of(report);
  entry.counted_at = clock_.now();
  if (entry.owes_up) say_up(entry);
}

SyncReply AgentEngine::reply_to(const NodeName& node, const FieldKnown& known) {
  const std::lock_guard lock(mutex_);
  const Entry& entry = entry_of(node);
  SyncReply reply;
  reply.server_time = clock_.now();
  reply.events_through = known.events_through;
  reply.heartbeat = known.heartbeat;
  reply.leave = leaving_ && entry.ephemeral;
  if (entry.run != nullptr && !entry.run->stopping && !entry.run->ended_at.has_value()) {
    Revision& revision = reply.revision.emplace();
    revision.number = entry.run->revision;
    revision.current = *entry.run->current;
    if (entry.run->previous != nullptr) revision.previous = *entry.run->previous;
  }
  return reply;
}

NodeLink AgentEngine::link(const NodeName& node) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(node.str());
  if (found == entries_.end()) return {};
  return {state_of(found->second, clock_.now()), found->second.heard_at};
}

void AgentEngine::ask_to_leave() {
  const std::lock_guard lock(mutex_);
  leaving_ = true;
}

std::size_t AgentEngine::ephemeral_count() const { return count_present(true); }

std::size_t AgentEngine::staying_count() const { return count_present(false); }

std::size_t AgentEngine::count_present(bool ephemeral) const {
  const std::lock_guard lock(mutex_);
  const Timestamp now = clock_.now();
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [&](const auto& item) {
        return item.second.ephemeral == ephemeral && state_of(item.second, now) != LinkState::kLost;
      }));
}

// --- inside

AgentEngine::Entry& AgentEngine::entry_of(const NodeName& node) {
  const auto [it, is_new] = entries_.try_emplace(node.str());
  if (is_new) it->second.name = &it->first;
  return it->second;
}

AgentEngine::Entry* AgentEngine::entry_of_run(const TaskRunName& name) {
  const auto found = runs_.find(name.str());
  return found == runs_.end() ? nullptr : found->second;
}

AgentEngine::ReleasePtr AgentEngine::share(const ReleaseRef& release) {
  std::weak_ptr<const ReleaseRef>& known = releases_[encode(release)];
  if (ReleasePtr shared = known.lock()) return shared;
  auto shared = std::make_shared<const ReleaseRef>(release);
  known = shared;
  return shared;
}

LinkState AgentEngine::state_of(const Entry& entry, Timestamp now) const {
  if (entry.gone) return LinkState::kLost;
  if (entry.expected_at.value == 0) return LinkState::kUnknown;
  const Milliseconds silence = since(now, entry.expected_at);
  if (missed(entry, now)) return LinkState::kLost;
  if (silence > entry.heartbeat * kLateAfter) return LinkState::kLate;
  return entry.heard_at.has_value() ? LinkState::kOnline : LinkState::kUnknown;
}

bool AgentEngine::is_of_former_boot(const Entry& entry, const SyncRequest& request,
                                    Timestamp now) const {
  const auto& former = entry.former_boots;
  const std::size_t boot = hash_of(request.boot_id);
  return boot != entry.boot && since(now, entry.boot_changed_at) < kFormerBootFor &&
         std::find(former.begin(), former.end(), boot) != former.end();
}

Arrival AgentEngine::arrival_of(Entry& entry, const SyncRequest& request, Timestamp now) const {
  const std::size_t boot = hash_of(request.boot_id);
  const std::int64_t offset = now.value - request.uptime.value;
  if (entry.boot != boot || !entry.heard_at.has_value()) {
    if (entry.heard_at.has_value()) {
      std::move_backward(entry.former_boots.begin(), entry.former_boots.end() - 1,
                         entry.former_boots.end());
      entry.former_boots[0] = entry.boot;
      entry.boot_changed_at = now;
    }
    entry.boot = boot;
    entry.least_offset = offset;
    entry.uptime = {};
  }
  entry.least_offset = std::min(entry.least_offset, offset);
  return {now, Milliseconds(offset - entry.least_offset)};
}

// Looked at again when it would be lost.
void AgentEngine::watch(Entry& entry) {
  if (entry.in_queue) return;
  entry.in_queue = true;
  due_.emplace(entry.expected_at + entry.heartbeat * kLostAfter, &entry);
}

void AgentEngine::hear(Entry& entry, const SyncRequest& request, Timestamp now) {
  entry.expected_at = now;
  entry.heard_at = now;
  entry.ephemeral = request.ephemeral;
  entry.gone = request.goodbye;
  const bool told_lately = entry.told_down_at.has_value() &&
                           since(now, *entry.told_down_at) <= entry.heartbeat * kLostAfter;
  if (request.goodbye && !told_lately) say_down(entry, "it said goodbye", now);
  watch(entry);
}

bool AgentEngine::missed(const Entry& entry, Timestamp now) const {
  return since(now, entry.expected_at) > entry.heartbeat * kLostAfter;
}

void AgentEngine::say_down(Entry& entry, const std::string& why, Timestamp now) {
  if (entry.told_down || !sink_) return;
  entry.told_down = true;
  entry.told_down_at = now;
  sink_(NodeObserved{NodeName(*entry.name), false, why});
}

void AgentEngine::say_up(Entry& entry) {
  entry.owes_up = false;
  if (!sink_) return;
  sink_(NodeObserved{NodeName(*entry.name), true, ""});
  entry.told_down = false;
}

void AgentEngine::follow_run(Entry& entry, const SyncRequest& request, Timestamp now) {
  if (entry.run == nullptr || entry.run->ended_at.has_value()) return;
  Run& run = *entry.run;
  if (says_empty(request) && (run.stopping || request.goodbye)) {
    stops_.erase(*entry.name);
    end(run, EndCause::kStopped, now);
  } else if (!run.started_at.has_value() && !request.serving.empty()) {
    run.started_at = now;
    report(run);
  }
}

void AgentEngine::begin_stop(Entry& entry) {
  entry.run->stopping = true;
  if (!entry.run->ended_at.has_value()) stops_.insert(*entry.name);
}

void AgentEngine::end(Run& run, EndCause cause, Timestamp now) {
  run.end_cause = cause;
  run.ended_at = now;
  report(run);
}

// Everything that is known of it; nothing is, before it has started.
void AgentEngine::report(const Run& run) {
  if (!sink_ || (!run.started_at.has_value() && !run.ended_at.has_value())) return;
  RunIdentity identity;
  if (!parse_run_name(run.name, options_.installation, identity)) return;
  TaskObserved observed;
  observed.workload = std::move(identity.workload);
  observed.attempt = identity.attempt;
  observed.task = identity.task;
  observed.started_at = run.started_at;
  if (run.ended_at.has_value()) {
    TaskEnd& task_end = observed.end.emplace();
    task_end.cause = run.end_cause;
    task_end.ended_at = *run.ended_at;
    if (run.end_cause == EndCause::kLost) task_end.detail = "its node was revoked";
    observed.released_at = run.ended_at;
    observed.outputs_phase = OutputsPhase::kStored;
  }
  sink_(std::move(observed));
}

void AgentEngine::forget_run(Entry& entry) {
  runs_.erase(entry.run->name.str());
  stops_.erase(*entry.name);
  entry.run.reset();
}

}  // namespace duru

#include "duru/server/api/watch_hub.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "duru/api/render.h"
#include "duru/base/json.h"
#include "duru/http/sse.h"
#include "duru/server/api/event_json.h"

namespace duru {
namespace {

// What is rendered under the view's lock at a time.
constexpr std::size_t kObjectsPerStep = 100;
// A reader that catches up is given more once it has taken this much.
constexpr std::size_t kBufferedMax = std::size_t{256} << 10;
constexpr std::chrono::milliseconds kRoomPoll(20);

constexpr std::string_view kEventNames[kWatchKinds] = {
    "jobs", "nodes", "accelerators", "attempts", "fleets", "releases", "rollouts", "events"};

std::string_view kind_name(WatchKind kind) { return kEventNames[static_cast<std::size_t>(kind)]; }

std::string id_text(const ObjectKey& key) {
  const bool numbered = key.kind == WatchKind::kAccelerators || key.kind == WatchKind::kAttempts;
  return numbered ? key.id + "/" + std::to_string(key.number) : key.id;
}

struct Rendered {
  std::string project;
  std::string data;
};

std::optional<Rendered> render_job(const State& state, const ObjectKey& key) {
  JobId id;
  const JobRecord* job = id.parse(key.id) ? state.job(id) : nullptr;
  if (job == nullptr) return std::nullopt;
  if (key.kind == WatchKind::kJobs) {
    return Rendered{job->project.str(), to_json(job_object(state, *job, state.now))};
  }
  for (const AttemptRecord* attempt : attempts_of(state, *job)) {
    if (attempt->number != key.number) continue;
    return Rendered{job->project.str(), to_json(attempt_object(state, *job, *attempt))};
  }
  return std::nullopt;
}

std::optional<Rendered> render_fleet(const State& state, const EdgeState& field,
                                     const LinkOf& link_of, const ObjectKey& key) {
  const auto node = state.nodes.find(NodeName(key.id));
  if (node == state.nodes.end()) return std::nullopt;
  if (key.kind == WatchKind::kNodes) {
    return Rendered{"", to_json(node_object(state, field, node->second, link_of))};
  }
  const Accelerator* accelerator = state.accelerator({node->first, key.number});
  if (accelerator == nullptr) return std::nullopt;
  return Rendered{"", to_json(accelerator_object(state, field, node->second, *accelerator))};
}

std::optional<Rendered> render_field(const EdgeState& field, const ObjectKey& key) {
  if (key.kind == WatchKind::kFleets) {
    const auto fleet = field.fleets.find(FleetName(key.id));
    if (fleet == field.fleets.end()) return std::nullopt;
    return Rendered{"", to_json(fleet_object(field, fleet->second))};
  }
  if (key.kind == WatchKind::kReleases) {
    const auto release = field.releases.find(ReleaseName(key.id));
    if (release == field.releases.end()) return std::nullopt;
    return Rendered{"", to_json(release_object(release->second))};
  }
  const RolloutRecord* rollout = field.rollout(RolloutName(key.id));
  if (rollout == nullptr) return std::nullopt;
  return Rendered{"", to_json(rollout_object(field, *rollout))};
}

bool is_of(const HistoryEvent& event, const WatchRequest& request) {
  return (request.node.empty() || event.node == request.node) &&
         (request.fleet.empty() || event.fleet == request.fleet);
}

std::string deleted_json(const ObjectKey& key, const Change& change) {
  std::string data = "{\"kind\":";
  write_json_string(kind_name(key.kind), data);
  data += ",\"name\":";
  write_json_string(change.name, data);
  data += ",\"id\":";
  write_json_string(id_text(key), data);
  return data + "}";
}

}  // namespace

WatchHub::WatchHub(const EdgeModule& edge, Milliseconds heartbeat_every)
    : heartbeat_every_(heartbeat_every.value), edge_(edge) {}

WatchHub::~WatchHub() { stop(); }

void WatchHub::start(const View& view, LinkOf link_of) {
  link_of_ = std::move(link_of);
  view_ = &view;
  view.read([&](const View::Reading& reading) {
    // Nothing came after the snapshot that the view was restored from.
    if (index_.term_of(reading.applied_seq) == 0) index_.begin_at(reading.applied_seq);
  });
  thread_ = std::thread([this] { run(); });
}

void WatchHub::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  if (view_ == nullptr) return;
  view_->read([&](const View::Reading&) { subscribers_.clear(); });
}

void WatchHub::on_fact(const State& after, const Message& fact, const FactContext& context) {
  index_.on_fact(after, edge_.state(), fact, context);
}

void WatchHub::on_commit(const State& after, const DurableCommit& commit) {
  ++commit_count_;
  const std::vector<ObjectKey> changed = index_.on_commit(commit.record.last_seq());
  std::set<WatchKind> wanted;
  for (const auto& subscriber : subscribers_) {
    if (subscriber->live)
      wanted.insert(subscriber->request.kinds.begin(), subscriber->request.kinds.end());
  }
  if (wanted.empty()) return;
  std::vector<Event> events;
  for (const ObjectKey& key : changed) {
    if (wanted.count(key.kind) == 0) continue;
    if (auto event = event_of(after, key, *index_.find(key))) events.push_back(std::move(*event));
  }
  const std::string here = position(after, commit.record.last_seq());
  for (const auto& subscriber : subscribers_) {
    if (!subscriber->live) continue;
    send(*subscriber, events, here);
    subscriber->seen_seq = commit.record.last_seq();
  }
}

std::string WatchHub::position(const State& state, std::int64_t seq) const {
  const std::int64_t term = index_.term_of(seq);
  return state.installation.str() + "." + std::to_string(term) + "." + std::to_string(seq);
}

std::optional<std::int64_t> WatchHub::parse_position(const State& state, std::int64_t applied_seq,
                                                     const WatchRequest& request) const {
  const std::string_view text = request.last_event_id;
  const std::string prefix = state.installation.str() + ".";
  if (text.substr(0, prefix.size()) != prefix) return std::nullopt;
  std::int64_t term = 0;
  std::int64_t seq = 0;
  const char* end = text.data() + text.size();
  const auto [dot, bad_term] = std::from_chars(text.data() + prefix.size(), end, term);
  if (bad_term != std::errc() || dot == end || *dot != '.') return std::nullopt;
  const auto [stop, bad_seq] = std::from_chars(dot + 1, end, seq);
  if (bad_seq != std::errc() || stop != end || seq < 0 || seq > applied_seq) return std::nullopt;
  // The same number of another term: facts that were lost, and replaced by others.
  const std::int64_t known_term = index_.term_of(seq);
  if (known_term != 0 && term != 0 && term != known_term) return std::nullopt;
  for (const WatchKind kind : request.kinds) {
    if (seq < index_.floor(kind)) return std::nullopt;
  }
  return seq;
}

void WatchHub::subscribe(http::Stream stream, WatchRequest request) {
  auto subscriber = std::make_unique<Subscriber>(Subscriber{std::move(stream), {}, 0, false});
  subscriber->request = std::move(request);
  bool catches_up = false;
  view_->read([&](const View::Reading& reading) {
    const std::string here = position(reading.state, reading.applied_seq);
    if (subscriber->request.last_event_id.empty()) {
      subscriber->seen_seq = reading.applied_seq;
      subscriber->live = true;
      subscriber->stream.write("id: " + here + "\n" + http::sse_comment("from now on"));
    } else if (const auto seq =
                   parse_position(reading.state, reading.applied_seq, subscriber->request)) {
      subscriber->seen_seq = *seq;
      subscriber->stream.write(http::sse_comment("catching up"));
      catches_up = true;
    } else {
      subscriber->stream.write(http::sse_event("gone", "", "{}"));
      subscriber->stream.close();
      return;
    }
    subscribers_.push_back(std::move(subscriber));
  });
  if (!catches_up) return;
  const std::lock_guard lock(mutex_);
  behind_ = true;
  changed_.notify_all();
}

std::size_t WatchHub::subscriber_count() const {
  return view_->read([&](const View::Reading&) {
    const auto open = [](const auto& subscriber) { return !subscriber->stream.closed(); };
    return static_cast<std::size_t>(std::count_if(subscribers_.begin(), subscribers_.end(), open));
  });
}

std::int64_t WatchHub::commit_count() const {
  return view_->read([&](const View::Reading&) { return commit_count_; });
}

std::optional<WatchHub::Event> WatchHub::event_of(const State& state, const ObjectKey& key,
                                                  const Change& change) const {
  if (change.deleted) {
    return Event{key, change.project, "deleted", deleted_json(key, change), nullptr};
  }
  std::optional<Rendered> rendered;
  switch (key.kind) {
    case WatchKind::kJobs:
    case WatchKind::kAttempts:
      rendered = render_job(state, key);
      break;
    case WatchKind::kNodes:
    case WatchKind::kAccelerators:
      rendered = render_fleet(state, edge_.state(), link_of_, key);
      break;
    case WatchKind::kFleets:
    case WatchKind::kReleases:
    case WatchKind::kRollouts:
      rendered = render_field(edge_.state(), key);
      break;
    case WatchKind::kEvents:
      rendered = Rendered{"", event_json(*change.event)};
      break;
  }
  if (!rendered.has_value()) return std::nullopt;
  return Event{key, std::move(rendered->project), std::string(kind_name(key.kind)),
               std::move(rendered->data), change.event};
}

void WatchHub::send(Subscriber& subscriber, const std::vector<Event>& events,
                    const std::string& position) {
  const WatchRequest& request = subscriber.request;
  std::vector<const Event*> wanted;
  for (const Event& event : events) {
    if (request.kinds.count(event.key.kind) == 0) continue;
    if (!request.project.empty() && !event.project.empty() && event.project != request.project) {
      continue;
    }
    if (event.of_field != nullptr && !is_of(*event.of_field, request)) continue;
    wanted.push_back(&event);
  }
  std::string text;
  for (const Event* event : wanted) {
    // A reader that breaks off in the middle of a commit gets all of it again.
    text += http::sse_event(event->name, event == wanted.back() ? position : "", event->data);
  }
  if (!text.empty()) subscriber.stream.write(std::move(text));
}

bool WatchHub::catch_up(Subscriber& subscriber) {
  return view_->read([&](const View::Reading& reading) {
    const auto changes = index_.after(subscriber.seen_seq, kObjectsPerStep);
    if (changes.empty()) {
      subscriber.seen_seq = reading.applied_seq;
      subscriber.live = true;
      return false;
    }
    for (auto it = changes.begin(); it != changes.end();) {
      const std::int64_t seq = it->second.seq;
      std::vector<Event> events;
      for (; it != changes.end() && it->second.seq == seq; ++it) {
        if (subscriber.request.kinds.count(it->first.kind) == 0) continue;
        auto event = event_of(reading.state, it->first, it->second);
        if (event.has_value()) events.push_back(std::move(*event));
      }
      send(subscriber, events, position(reading.state, seq));
      subscriber.seen_seq = seq;
    }
    return true;
  });
}

// One step of every stream that is behind and has room.
WatchHub::Progress WatchHub::catch_up_some() {
  std::vector<Subscriber*> behind;  // only this thread removes subscribers while it runs
  view_->read([&](const View::Reading&) {
    for (const auto& subscriber : subscribers_) {
      if (!subscriber->live && !subscriber->stream.closed()) behind.push_back(subscriber.get());
    }
  });
  Progress progress = Progress::kDone;
  for (Subscriber* subscriber : behind) {
    if (subscriber->stream.buffered_bytes() > kBufferedMax) {
      if (progress == Progress::kDone) progress = Progress::kWaitsForReaders;
    } else if (catch_up(*subscriber)) {
      progress = Progress::kMoved;
    }
  }
  return progress;
}

void WatchHub::send_heartbeats() {
  view_->read([&](const View::Reading& reading) {
    const std::string here = "id: " + position(reading.state, reading.applied_seq) + "\n" +
                             http::sse_comment("heartbeat");
    for (const auto& subscriber : subscribers_) {
      subscriber->stream.write(subscriber->live ? here : http::sse_comment("heartbeat"));
    }
  });
}

void WatchHub::drop_closed() {
  view_->read([&](const View::Reading&) {
    std::erase_if(subscribers_, [](const auto& subscriber) { return subscriber->stream.closed(); });
  });
}

void WatchHub::run() {
  auto heartbeat_at = std::chrono::steady_clock::now() + heartbeat_every_;
  Progress progress = Progress::kDone;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      const auto soon = std::chrono::steady_clock::now() + kRoomPoll;
      const auto until = progress == Progress::kDone ? heartbeat_at : std::min(soon, heartbeat_at);
      if (progress != Progress::kMoved) {
        changed_.wait_until(lock, until, [&] { return stopping_ || behind_; });
      }
      if (stopping_) return;
      behind_ = false;
    }
    progress = catch_up_some();
    if (std::chrono::steady_clock::now() < heartbeat_at) continue;
    send_heartbeats();
    drop_closed();
    heartbeat_at = std::chrono::steady_clock::now() + heartbeat_every_;
  }
}

}  // namespace duru

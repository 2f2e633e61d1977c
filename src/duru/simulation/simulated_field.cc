#include "duru/simulation/simulated_field.h"

#include <algorithm>

#include "duru/base/json.h"

namespace duru {
namespace {

constexpr Milliseconds kPauseMax = minutes(5);

}  // namespace

Release simulated_release(const std::string& name) {
  Release release;
  release.name = ReleaseName(name);
  release.manifest.format = 1;
  release.manifest.release = name;
  release.manifest.command = {"./serve"};
  release.manifest.probe.command = {"./well"};
  release.digest = sha256(to_json(release.manifest, JsonForm::kSparse));
  release.signature = std::string(128, 'a');
  return release;
}

SimulatedField::SimulatedField(FieldTimes times, std::uint64_t seed, const Clock& clock, Line line)
    : times_(times), clock_(clock), line_(std::move(line)), dice_(seed) {}

void SimulatedField::join(const NodeName& name, Milliseconds heartbeat) {
  Entry& entry = *nodes_.try_emplace(name).first;
  due_.erase(&entry);
  // What the former node of that name said bears a credential that is worth nothing now.
  std::erase_if(late_, [&](const auto& late) { return late.second.first == name; });
  Node& node = entry.second;
  node = Node{};
  node.agent.booted_at = clock_.now();
  node.heartbeat = heartbeat;
  node.sync_at = clock_.now();
  plan(entry);
}

// --- time

void SimulatedField::plan(Entry& entry) {
  due_.erase(&entry);
  Node& node = entry.second;
  node.wake_at = std::max(std::min(node.sync_at, node.agent.step_at), node.agent.booted_at);
  due_.insert(&entry);
}

std::optional<Timestamp> SimulatedField::next_event() const {
  std::optional<Timestamp> next;
  if (!due_.empty()) next = (*due_.begin())->second.wake_at;
  if (!late_.empty() && (!next.has_value() || late_.begin()->first < *next)) {
    next = late_.begin()->first;
  }
  return next;
}

void SimulatedField::advance() {
  while (!late_.empty() && late_.begin()->first <= clock_.now()) {
    const auto [name, request] = std::move(late_.extract(late_.begin()).mapped());
    line_(name, request);
  }
  while (!due_.empty() && (*due_.begin())->second.wake_at <= clock_.now()) turn(**due_.begin());
}

void SimulatedField::turn(Entry& entry) {
  Node& node = entry.second;
  if (node.agent.step_at <= clock_.now()) {
    if (node.agent.step(clock_.now(), times_, releases_)) after_news(node);
  } else {
    sync(entry);
  }
  plan(entry);
}

void SimulatedField::after_news(Node& node) {
  node.sync_at = std::min(node.sync_at, clock_.now() + times_.news);
}

// --- what is said

SyncRequest SimulatedField::request_of(const Node& node) const {
  SyncRequest request;
  request.boot_id = "boot-" + std::to_string(node.boots);
  node.agent.describe(request, clock_.now(), releases_);
  if (node.spool == nullptr) return request;
  request.counters.events_dropped = node.spool->dropped;
  std::int64_t before = node.spool->acknowledged;
  for (const Event& event : node.spool->events) {
    if (request.events.size() == kEventsPerSync) break;
    EventReport& report = request.events.emplace_back();
    report.number = event.number;
    report.dropped_before = event.number - before - 1;
    before = event.number;
    report.body = event.body;
    if (event.this_boot) report.age = since(clock_.now(), event.at);
    if (!event.this_boot && event.knows_time) report.server_time = event.at;
  }
  return request;
}

void SimulatedField::sync(Entry& entry) {
  Node& node = entry.second;
  node.sync_at = clock_.now() + node.heartbeat;
  const SyncRequest request = request_of(node);
  SyncAnswer answer;
  if (node.agent.linked && !hits(faults_.lost)) {
    answer = line_(entry.first, request);
    if (hits(faults_.doubled)) answer = line_(entry.first, request);
    if (hits(faults_.late)) {
      const Milliseconds by(dice_.between(1, faults_.late_by.value));
      late_.emplace(clock_.now() + by, std::pair(entry.first, request));
    }
    if (hits(faults_.reply_lost)) answer = {};
  }
  if (answer.kind == SyncAnswer::Kind::kNone) {
    const Milliseconds pause =
        std::max(node.heartbeat, std::min(kPauseMax, node.heartbeat + node.heartbeat));
    node.sync_at = clock_.now() + pause;
  } else if (answer.kind == SyncAnswer::Kind::kReply) {
    take(node, answer);
  }
}

void SimulatedField::take(Node& node, const SyncAnswer& answer) {
  node.told = true;
  if (node.spool != nullptr) acknowledge(node, answer.reply.events_through);
  node.heartbeat = answer.reply.heartbeat;
  node.sync_at = clock_.now() + node.heartbeat;
  const bool stands_anew = node.agent.take(answer.reply.revision, clock_.now(), times_, releases_);
  if (stands_anew || (node.spool != nullptr && !node.spool->events.empty())) after_news(node);
}

void SimulatedField::acknowledge(Node& node, std::int64_t through) {
  std::deque<Event>& events = node.spool->events;
  while (!events.empty() && events.front().number <= through) events.pop_front();
  node.spool->acknowledged = through;
}

// --- what happens to them

void SimulatedField::set_link(const NodeName& name, bool up) {
  Entry& entry = *nodes_.find(name);
  entry.second.agent.set_link(up, clock_.now());
  plan(entry);
}

void SimulatedField::reboot(const NodeName& name) {
  Entry& entry = *nodes_.find(name);
  Node& node = entry.second;
  node.agent.reboot(clock_.now(), times_, releases_);
  if (node.spool != nullptr) {
    for (Event& event : node.spool->events) {
      if (event.this_boot) event.knows_time = node.told;
      event.this_boot = false;
    }
  }
  ++node.boots;
  node.told = false;
  node.sync_at = node.agent.booted_at;
  plan(entry);
}

void SimulatedField::slow(const NodeName& name, std::int32_t times) {
  nodes_.at(name).agent.slow = times;
}

void SimulatedField::raise(const NodeName& name, std::string body) {
  Entry& entry = *nodes_.find(name);
  Node& node = entry.second;
  if (node.spool == nullptr) node.spool = std::make_unique<Spool>();
  const Timestamp at = std::max(clock_.now(), node.agent.booted_at);
  node.spool->events.push_back({++node.last_event, at, true, false, std::move(body)});
  if (static_cast<std::int64_t>(node.spool->events.size()) > times_.events_kept) {
    node.spool->events.pop_front();
    ++node.spool->dropped;
  }
  after_news(node);
  plan(entry);
}

void SimulatedField::set_probe(const std::string& release, bool ok) {
  const std::int16_t number = releases_.number_of(release);
  releases_.set_well(number, ok);
  for (Entry& entry : nodes_) {
    if (entry.second.agent.active != number) continue;
    entry.second.agent.probe_turned(ok, clock_.now(), times_);
    plan(entry);
  }
}

// --- how they are

std::vector<NodeName> SimulatedField::names() const {
  std::vector<NodeName> names;
  for (const auto& [name, node] : nodes_) names.push_back(name);
  return names;
}

std::string SimulatedField::serving(const NodeName& name) const {
  const SimulatedAgent& agent = nodes_.at(name).agent;
  const bool is_up = agent.serves && agent.booted_at <= clock_.now();
  return is_up ? releases_.name(agent.active) : "";
}

std::size_t SimulatedField::unsent() const {
  std::size_t count = 0;
  for (const auto& [name, node] : nodes_) {
    if (node.spool != nullptr) count += node.spool->events.size();
  }
  return count;
}

}  // namespace duru

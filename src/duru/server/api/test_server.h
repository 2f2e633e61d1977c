// For the tests of this folder: a live loop, a view, the API and an HTTP server on a free loopback
// port, over a journal in memory and an engine whose runs do what the test says.
//
//   TestServer server;
//   auto answer = server.post("/v1/projects/default/jobs", R"({"command": ["true"]})");
//   server.engine().start_all(); server.engine().end_all(0);
//   server.restart();                    // the same journal and data folder
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>
#include <thread>

#include "duru/artifact/folder_artifact_store.h"
#include "duru/history/test_world.h"
#include "duru/http/client.h"
#include "duru/loop/effects.h"
#include "duru/server/api/api.h"

namespace duru {

inline bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

// Runs start and end when the test says so. Logs are what the test wrote.
class ScriptedEngine : public Engine {
 public:
  explicit ScriptedEngine(const Clock& clock) : clock_(clock) {}

  std::string_view name() const override { return "scripted"; }
  EngineCapabilities capabilities() const override { return {}; }
  Status start(Sink sink) override {
    const std::lock_guard lock(mutex_);
    sink_ = std::move(sink);
    return ok_status();
  }
  void shutdown() override {
    const std::lock_guard lock(mutex_);
    sink_ = nullptr;
  }
  void run(const TaskRunSpec& spec) override {
    const std::lock_guard lock(mutex_);
    runs_.try_emplace(spec.name.str(), Run{spec, {}, false, "", true});
  }
  void stop(const TaskRunName& name, Milliseconds) override {
    end(name.str(), {EndCause::kStopped, {}, {}, clock_.now(), ""});
  }
  void forget(const TaskRunName&) override {}
  void reconcile(const std::vector<TaskRunName>&) override {}
  Result<LogChunk> read_log(const TaskRunName& name, std::int64_t offset,
                            std::int64_t bytes_max) override {
    const std::lock_guard lock(mutex_);
    const auto found = runs_.find(name.str());
    if (found == runs_.end() || !found->second.has_log) {
      return Error{ErrorCode::kNotFound, "no log of " + name.str()};
    }
    LogChunk chunk;
    const auto at = static_cast<std::size_t>(offset);
    chunk.bytes = found->second.log.substr(at, static_cast<std::size_t>(bytes_max));
    chunk.next_offset = offset + static_cast<std::int64_t>(chunk.bytes.size());
    chunk.complete = found->second.released &&
                     chunk.next_offset == static_cast<std::int64_t>(found->second.log.size());
    return chunk;
  }
  Timestamp observed_through() const override { return clock_.now(); }

  std::size_t run_count() const {
    const std::lock_guard lock(mutex_);
    return runs_.size();
  }
  std::vector<std::string> live_runs() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, run] : runs_) {
      if (!run.released) names.push_back(name);
    }
    return names;
  }
  void write_log(const std::string& name, const std::string& text) {
    const std::lock_guard lock(mutex_);
    runs_.at(name).log += text;
  }
  void lose_log(const std::string& name) {
    const std::lock_guard lock(mutex_);
    runs_.at(name).has_log = false;
  }
  void start_run(const std::string& name) {
    const std::lock_guard lock(mutex_);
    Run& run = runs_.at(name);
    run.report.workload = run.spec.workload;
    run.report.attempt = run.spec.attempt;
    run.report.task = run.spec.task;
    run.report.started_at = clock_.now();
    sink_(run.report);
  }
  void end(const std::string& name, TaskEnd end, std::map<std::string, StoredOutput> outputs = {}) {
    const std::lock_guard lock(mutex_);
    const auto found = runs_.find(name);
    if (found == runs_.end() || found->second.released) return;
    Run& run = found->second;
    run.report.workload = run.spec.workload;
    run.report.attempt = run.spec.attempt;
    run.report.task = run.spec.task;
    run.report.end = std::move(end);
    run.report.released_at = run.report.end->ended_at;
    run.report.outputs_phase = OutputsPhase::kStored;
    run.report.outputs = std::move(outputs);
    run.released = true;
    sink_(run.report);
  }
  void exit_run(const std::string& name, std::int32_t code,
                std::map<std::string, StoredOutput> outputs = {}) {
    end(name, {EndCause::kExited, code, {}, clock_.now(), ""}, std::move(outputs));
  }

 private:
  struct Run {
    TaskRunSpec spec;
    TaskObserved report;
    bool released = false;
    std::string log;
    bool has_log = true;
  };
  const Clock& clock_;
  mutable std::mutex mutex_;
  Sink sink_;
  std::map<std::string, Run> runs_;
};

class TestServer {
 public:
  explicit TestServer(Milliseconds heartbeat = seconds(15), http::HttpLimits limits = {})
      : heartbeat_(heartbeat), limits_(limits) {
    std::string path = (std::filesystem::temp_directory_path() / "duru-api-XXXXXX").string();
    EXPECT_NE(::mkdtemp(path.data()), nullptr);
    dir_ = path;
    store_ = std::move(FolderArtifactStore::open(dir_).value());
    begin();
  }
  ~TestServer() {
    end();
    std::filesystem::remove_all(dir_);
  }

  void restart() {
    end();
    begin();
  }

  http::ClientResponse request(const std::string& method, const std::string& target,
                               std::string body = {}, http::Headers headers = {}) {
    http::HttpClient client(address(), {.headers = {{"Authorization", "Bearer secret"}}});
    auto answer = client.request(method, target, std::move(headers), std::move(body));
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return answer.ok() ? std::move(answer.value()) : http::ClientResponse{};
  }
  http::ClientResponse get(const std::string& target) { return request("GET", target); }
  http::ClientResponse post(const std::string& target, std::string body = "{}",
                            http::Headers headers = {}) {
    return request("POST", target, std::move(body), std::move(headers));
  }
  // With another bearer than the operator's token.
  http::ClientResponse request_as(const std::string& bearer, const std::string& method,
                                  const std::string& target, std::string body = {},
                                  http::Headers headers = {}) {
    http::HttpClient client(address(), {.headers = {{"Authorization", "Bearer " + bearer}}});
    auto answer = client.request(method, target, std::move(headers), std::move(body));
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return answer.ok() ? std::move(answer.value()) : http::ClientResponse{};
  }
  // From now on nothing is decided; what is read is answered as before.
  void stop_deciding() { parts_->live.stop(); }
  // Submits a job on a GPU and gives its id.
  std::string submit(const std::string& name) {
    const auto answer = post("/v1/projects/default/jobs",
                             R"({"track":"gpu","command":["true"],"name":")" + name + "\"}");
    EXPECT_EQ(answer.status, 201) << answer.body;
    return field(answer.body, "id");
  }
  std::string state_of(const std::string& job) {
    return field(get("/v1/projects/default/jobs/" + job).body, "state");
  }
  // The run of the job's newest attempt, once the engine has it.
  std::string run_of(const std::string& job_id) {
    std::string name;
    EXPECT_TRUE(eventually([&] {
      for (const std::string& run : engine_.live_runs()) {
        if (run.find(job_id) != std::string::npos) name = run;
      }
      return !name.empty();
    }));
    return name;
  }
  // The text of the first field of that name; good enough for answers of known shape.
  static std::string field(const std::string& json, const std::string& name) {
    const std::string key = "\"" + name + "\":\"";
    const std::size_t at = json.find(key);
    if (at == std::string::npos) return "";
    const std::size_t begin = at + key.size();
    return json.substr(begin, json.find('"', begin) - begin);
  }

  http::Address address() const { return parts_->http->address(); }
  ScriptedEngine& engine() { return engine_; }
  History& history() { return *parts_->history; }
  WatchHub& watch() { return parts_->watch; }
  View& view() { return parts_->view; }
  AgentEngine& agents() { return parts_->agents; }
  const std::string& dir() const { return dir_; }
  FolderArtifactStore& store() { return *store_; }

  std::int64_t fact_count() {
    return parts_->view.read([](const View::Reading& reading) { return reading.applied_seq; });
  }
  bool journal_holds(std::string_view bytes) {
    bool holds = false;
    const Status read = journal_.read(1, [&](const Entry& entry) -> Status {
      holds = holds || entry.body.find(bytes) != std::string::npos;
      return ok_status();
    });
    EXPECT_TRUE(read.ok());
    return holds;
  }

  // As an hour makes it: the job leaves the core's state. The server is stopped meanwhile.
  void retire(const std::string& job_id) {
    end();
    JobId id;
    EXPECT_TRUE(id.parse(job_id));
    const Tail tail = journal_.tail();
    DurableCommit commit;
    commit.record.first_seq = tail.last_seq + 1;
    commit.record.term = tail.term;
    commit.record.now = Timestamp(tail.now_ms);
    commit.record.cause_family = static_cast<std::int32_t>(Family::kObservation);
    commit.record.cause = store(Tick{});
    commit.record.facts.push_back(store(JobRetired{id}));
    journal_.set_listener([](std::int64_t) {}, [](const Error& e) { FAIL() << e.message; });
    journal_.append(to_entry(commit.record));
    begin();
  }

 private:
  struct Parts {
    Parts(Journal& journal, const Clock& clock, const std::string& dir, Milliseconds heartbeat)
        : watch(edge, heartbeat),
          history(std::move(History::open(dir, journal).value())),
          loop({&writer, &edge_writer}, journal, outbox),
          view(view_core, {&edge}, {history.get(), &watch, &effects}),
          agents({InstallationId("testtest"),
                  [this](const NodeName& name) {
                    return view.read([&](const View::Reading&) {
                      const FieldNodeRecord* node = edge.state().node(name);
                      return node != nullptr && node->revoked;
                    });
                  },
                  Milliseconds(0)},
                 clock),
          live(loop, view, outbox, journal, clock, {}) {}

    CoreModule writer;
    CoreModule view_core;
    EdgeModule edge_writer;
    EdgeModule edge;
    Outbox outbox;
    WatchHub watch;
    Effects effects;
    std::unique_ptr<History> history;
    Loop loop;
    View view;
    AgentEngine agents;
    LiveLoop live;
    std::unique_ptr<Api> api;
    std::unique_ptr<http::HttpServer> http;
  };

  void begin() {
    parts_ = std::make_unique<Parts>(journal_, clock_, dir_, heartbeat_);
    Parts& p = *parts_;
    const Status read = journal_.read(1, [&](const Entry& entry) -> Status {
      Result<DurableCommit> commit = from_entry(entry);
      if (!commit.ok()) return commit.error();
      p.loop.replay(commit.value());
      p.view.apply(commit.value());
      return ok_status();
    });
    EXPECT_TRUE(read.ok());
    p.outbox.on_durable(p.loop.last_seq());
    journal_.set_listener([&p](std::int64_t seq) { p.outbox.on_durable(seq); },
                          [](const Error& error) { FAIL() << error.message; });
    p.live.start();
    say(StartServer{InstallationId("testtest"), "0", clock_.now(), "boot", kTestStart});
    say(test_fleet());
    EXPECT_TRUE(engine_.start([&p](Message message) { p.live.observe(std::move(message)); }).ok());
    EXPECT_TRUE(p.agents.start([&p](Message message) { p.live.observe(std::move(message)); }).ok());
    p.view.read([&](const View::Reading& reading) {
      p.effects.begin({{SiteName("here"), &engine_}, {SiteName("field"), &p.agents}},
                      reading.state);
    });
    const auto sign = [](std::string_view bytes) { return sha256(bytes).hex() + sha256("").hex(); };
    p.api = std::make_unique<Api>(ApiContext{p.live,
                                             p.view,
                                             p.writer,
                                             *store_,
                                             engine_,
                                             *p.history,
                                             p.watch,
                                             p.edge,
                                             p.edge_writer,
                                             p.agents,
                                             clock_,
                                             {std::string(64, 'e'), sign},
                                             "secret",
                                             dir_,
                                             "0.1.0"});
    auto listening = http::HttpServer::listen(
        {.address = {"127.0.0.1", 0}, .limits = limits_, .gate = p.api->gate()}, p.api->router());
    EXPECT_TRUE(listening.ok());
    p.http = std::move(listening.value());
    p.api->set_counters([&p] { return p.http->counters(); });
  }

  void end() {
    Parts& p = *parts_;
    p.http->stop(seconds(5));
    engine_.shutdown();
    p.agents.shutdown();
    p.live.stop();
    parts_.reset();
  }

  void say(Message command) {
    std::promise<Reply> promise;
    parts_->live.submit({std::move(command), "server", "", {}, {}, [&](Reply reply) {
                           promise.set_value(std::move(reply));
                         }});
    const Reply reply = promise.get_future().get();
    EXPECT_EQ(reply.kind, Reply::Kind::kAccepted) << reply.rejection.detail;
  }
  static StoredMessage store(const Message& message) { return duru::store(message); }

  const BoottimeClock clock_{kTestStart};
  ScriptedEngine engine_{clock_};  // work goes on while the server is down
  const Milliseconds heartbeat_;
  const http::HttpLimits limits_;
  std::string dir_;
  MemoryJournal journal_;
  std::unique_ptr<FolderArtifactStore> store_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace duru

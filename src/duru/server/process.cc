#include "duru/server/process.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <thread>

#include "duru/artifact/folder_artifact_store.h"
#include "duru/base/json.h"
#include "duru/catalog/load.h"
#include "duru/device/host.h"
#include "duru/edge/edge_module.h"
#include "duru/engine/agent/agent_engine.h"
#include "duru/engine/local/local_engine.h"
#include "duru/history/history.h"
#include "duru/http/server.h"
#include "duru/journal/sqlite/sqlite_journal.h"
#include "duru/loop/effects.h"
#include "duru/loop/live_loop.h"
#include "duru/server/anchor.h"
#include "duru/server/api/api.h"
#include "duru/server/artifact_sweeper.h"
#include "duru/server/data_dir.h"
#include "duru/server/fleet_source.h"
#include "duru/server/log.h"
#include "duru/server/recover.h"
#include "duru/server/release_key.h"
#include "duru/server/settings.h"
#include "duru/server/snapshot_maker.h"
#include "duru/server/tls_identity.h"
#include "duru/server/version.h"

namespace duru {
namespace {

constexpr const char* kDefaultListen = "127.0.0.1:0";
constexpr Milliseconds kStopGrace = seconds(5);
constexpr Milliseconds kAdoptionMax = seconds(60);

std::string beside_this_program(const std::string& name) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (self.parent_path() / name).string();
}

// The journal failed: whatever is not durable must not be seen, so the process ends here and now.
[[noreturn]] void stop_at_once(const Error& error) {
  log_error("the journal failed: " + error.message +
            "; stopping, nothing that was acknowledged is lost");
  std::_Exit(70);
}

std::string usable_node_name(const std::string& hostname) {
  std::string name;
  for (char c : hostname) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.';
    name += fits ? c : '-';
  }
  return is_valid_name(name) ? name : "node";
}

// An option that is remembered and not given now may be what is wrong; say how to give it anew.
Error with_hint(Error error, bool given_now, const std::string& flag) {
  if (!given_now) {
    error.message +=
        "; this is remembered from an earlier start: give " + flag + " anew (\"\" takes it back)";
  }
  return error;
}

Result<ServerSettings> merge_settings(const ServerOptions& options) {
  Result<ServerSettings> loaded = load_settings(options.data_dir);
  if (!loaded.ok()) return loaded;
  ServerSettings settings = loaded.value();
  if (!options.listen.empty()) settings.listen = options.listen;
  if (settings.listen.empty()) settings.listen = kDefaultListen;
  if (options.names.has_value()) settings.names = *options.names;
  // The fleet is this machine, with what it emulates, or a file's: the option given last says
  // which.
  if (options.emulate.has_value()) settings.fleet_file_json.clear();
  if (options.fleet_file_json.has_value()) settings.fleet_file_json = *options.fleet_file_json;
  if (options.emulate.has_value()) {
    settings.emulate.clear();
    for (const auto& [chip, count] : *options.emulate) settings.emulate[chip] = count;
  }
  if (settings.node_name.empty()) {
    const HostFacts host = read_host_facts("/");
    settings.node_name =
        usable_node_name(host.hostname.has_value() ? host.hostname.value() : "node");
  }
  return settings;
}

}  // namespace

// In the order of construction; destroyed the other way round.
struct Process::Parts {
  ServerOptions options;
  OpenFiles file_limits;
  ServerSettings settings;
  std::string token;
  std::string recovered;  // what was; told once the options cannot be what stops the start
  std::optional<ReleaseKey> release_key;
  Catalog catalog;
  Outbox outbox;  // before the journal, whose writer calls into it to the end
  std::unique_ptr<SqliteJournal> journal;
  std::unique_ptr<FolderArtifactStore> artifacts;
  CoreModule writer;
  EdgeModule writer_edge;
  CoreModule view_core;
  EdgeModule view_edge;
  std::unique_ptr<Loop> loop;
  std::unique_ptr<History> history;
  std::unique_ptr<WatchHub> watch;
  std::unique_ptr<Effects> effects;
  std::unique_ptr<SnapshotSpawner> snapshots;
  std::unique_ptr<View> view;
  std::unique_ptr<BoottimeClock> clock;
  std::unique_ptr<LocalEngine> engine;
  std::unique_ptr<AgentEngine> agents;
  std::unique_ptr<LiveLoop> live;
  std::unique_ptr<ArtifactSweeper> sweeper;
  std::unique_ptr<Api> api;
  std::optional<ServerTls> tls;
  std::unique_ptr<http::HttpServer> http;

  Parts(const ServerOptions& o, const OpenFiles& limits, Catalog c)
      : options(o), file_limits(limits), catalog(std::move(c)) {}

  Status open_files();
  Status recover_state();
  Status start_engine();
  Status start_loop();
  bool is_revoked(const NodeName& name);
  Status say(Message command);
  Status begin_work();
  Status wait_for_mark(Timestamp at_least);
  Status listen();
  Result<std::unique_ptr<http::HttpServer>> listen_at(const http::Address& address);
};

Status Process::Parts::open_files() {
  DURU_TRY(make_data_dir(options.data_dir));
  Result<std::unique_ptr<SqliteJournal>> opened = SqliteJournal::open(options.data_dir);
  if (!opened.ok()) return opened.error();
  journal = std::move(opened.value());
  Result<ServerSettings> merged = merge_settings(options);
  if (!merged.ok()) return merged.error();
  settings = merged.value();
  Result<std::string> made = load_or_make_token(options.data_dir);
  if (!made.ok()) return made.error();
  token = made.value();
  Result<std::unique_ptr<FolderArtifactStore>> store = FolderArtifactStore::open(options.data_dir);
  if (!store.ok()) return store.error();
  artifacts = std::move(store.value());
  return ok_status();
}

Status Process::Parts::recover_state() {
  loop = std::make_unique<Loop>(std::vector<Module*>{&writer, &writer_edge}, *journal, outbox);
  Result<std::unique_ptr<History>> opened = History::open(
      options.data_dir, *journal, [](const Error& error) { log_warn(error.message); });
  if (!opened.ok()) return opened.error();
  history = std::move(opened.value());
  watch = std::make_unique<WatchHub>(view_edge);
  effects = std::make_unique<Effects>();
  snapshots = std::make_unique<SnapshotSpawner>(
      SnapshotSpawnerOptions{beside_this_program("duru"), options.data_dir, options.snapshot_every,
                             log_warn},
      journal->tail().last_seq);
  view = std::make_unique<View>(
      view_core, std::vector<Module*>{&view_edge},
      std::vector<Projection*>{history.get(), watch.get(), effects.get(), snapshots.get()});
  Result<RecoveryReport> report =
      recover(options.data_dir, *journal,
              {{&writer, &writer_edge},
               {&view_core, &view_edge},
               *loop,
               *view,
               history->snapshot_seq_max(),
               [&](const LedgerRecord& record) { history->restore_ledger(record); }});
  if (!report.ok()) return report.error();
  const bool is_in_use =
      !writer_edge.state().nodes.empty() || !writer_edge.state().releases.empty();
  Result<ReleaseKey> key = ReleaseKey::load_or_make(options.data_dir, is_in_use);
  if (!key.ok()) return key.error();
  release_key = std::move(key.value());
  outbox.on_durable(report.value().last_seq);
  journal->set_listener([this](std::int64_t seq) { outbox.on_durable(seq); }, stop_at_once);
  recovered = "recovered " + std::to_string(report.value().last_seq) + " facts (" +
              std::to_string(report.value().replayed_commits) + " commits behind " +
              (report.value().snapshot_seq == 0
                   ? std::string("no snapshot")
                   : "the snapshot at " + std::to_string(report.value().snapshot_seq)) +
              ")";
  return ok_status();
}

Status Process::Parts::start_engine() {
  const State& state = writer.state();
  AnchorInputs inputs;
  inputs.boot_id = boot_id();
  inputs.last_boot_id = state.boot_id;
  inputs.last_anchor = state.anchor;
  inputs.last_commit_at = loop->last_now();
  inputs.alive_at = Timestamp(journal->alive_ms());
  inputs.wall = wall_time();
  inputs.boottime_ms = boottime_ms();
  inputs.accept_clock = options.accept_clock;
  Result<Timestamp> anchor = choose_anchor(inputs);
  if (!anchor.ok()) return anchor.error();
  clock = std::make_unique<BoottimeClock>(anchor.value());
  LocalEngineOptions engine_options;
  engine_options.data_folder = options.data_dir;
  engine_options.supervise_program = options.supervisor_path.empty()
                                         ? beside_this_program("duru-supervise")
                                         : options.supervisor_path;
  engine_options.installation =
      state.installation.empty() ? InstallationId(draw_installation()) : state.installation;
  engine_options.alive_at = inputs.alive_at;
  engine_options.open_files_of_work = file_limits.of_work;
  engine_options.warn = log_warn;
  Result<std::unique_ptr<LocalEngine>> opened =
      LocalEngine::open(engine_options, *clock, *artifacts);
  if (!opened.ok()) return opened.error();
  engine = std::move(opened.value());
  agents = std::make_unique<AgentEngine>(
      AgentEngineOptions{engine_options.installation,
                         [this](const NodeName& name) { return is_revoked(name); }},
      *clock);
  live = std::make_unique<LiveLoop>(
      *loop, *view, outbox, *journal, *clock,
      LiveLoopOptions{
          [this] { return std::min(engine->observed_through(), agents->observed_through()); },
          [](const Error& error) { log_warn(error.message); },
          [this](const State& s) { return effects->resend_step(s); }});
  // The start's own facts, decided before anything else can be.
  StartServer start{engine_options.installation, kDuruVersion, {}, inputs.boot_id, anchor.value()};
  start.alive_at = std::max(inputs.alive_at, inputs.last_commit_at);
  if (start.alive_at.value == 0) start.alive_at = clock->now();
  std::vector<std::string> problems;
  Result<DefineFleet> fleet =
      find_fleet(settings, catalog, writer.state(), engine->capabilities(), problems);
  if (!fleet.ok()) {
    const bool given = options.emulate.has_value() || options.fleet_file_json.has_value();
    return with_hint(fleet.error(), given, "--emulate or --fleet");
  }
  log_info(recovered);
  for (const std::string& problem : problems) log_warn(problem);
  live->start();
  DURU_TRY(say(std::move(start)));
  return say(std::move(fleet.value()));
}

bool Process::Parts::is_revoked(const NodeName& name) {
  return view->read([&](const View::Reading&) {
    const FieldNodeRecord* node = view_edge.state().node(name);
    return node != nullptr && node->revoked;
  });
}

// A command of the server's own: waits until it is durable and in the view.
Status Process::Parts::say(Message command) {
  std::promise<Reply> promise;
  std::future<Reply> answered = promise.get_future();
  live->submit({std::move(command), "server", "", {}, {}, [&](Reply reply) {
                  promise.set_value(std::move(reply));
                }});
  const Reply reply = answered.get();
  if (reply.kind == Reply::Kind::kAccepted) return ok_status();
  return Error{ErrorCode::kInvalid, reply.rejection.detail + "; " + reply.rejection.help, false,
               false};
}

// The engine reports what it finds, and gets the full set of what should run.
Status Process::Parts::begin_work() {
  const auto observe = [this](Message observation) { live->observe(std::move(observation)); };
  DURU_TRY(engine->start(observe));
  DURU_TRY(agents->start(observe));
  const Timestamp now = clock->now();
  view->read([&](const View::Reading& reading) {
    std::map<SiteName, Engine*> engines;
    for (const auto& [name, site] : reading.state.sites) engines[name] = engine.get();
    engines[SiteName(kFieldSite)] = agents.get();
    for (const auto& [name, node] : view_edge.state().nodes) {
      if (!node.revoked) agents->expect(name, longest_heartbeat_of(view_edge.state(), node, now));
    }
    effects->begin(std::move(engines), reading.state);
  });
  snapshots->begin();
  sweeper = std::make_unique<ArtifactSweeper>(*view, view_edge, *history, *artifacts, log_warn);
  sweeper->begin();
  return wait_for_mark(clock->now());
}

// Until the engine has reported what became of its runs while we were away: nobody shall read an
// account before.
Status Process::Parts::wait_for_mark(Timestamp at_least) {
  const Timestamp deadline = clock->now() + kAdoptionMax;
  while (view->read([](const View::Reading& reading) { return reading.mark; }) < at_least) {
    if (clock->now() > deadline) {
      return Error{ErrorCode::kTimeout,
                   "the engine did not report its runs within " + format_duration(kAdoptionMax) +
                       "; look at " + options.data_dir + "/runs",
                   true, false};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return ok_status();
}

Result<std::unique_ptr<http::HttpServer>> Process::Parts::listen_at(const http::Address& address) {
  http::HttpServerOptions http_options{.address = address, .gate = api->gate()};
  http_options.limits.kept_max = file_limits.for_kept_connections();
  if (tls) http_options.tls = tls->identity;
  return http::HttpServer::listen(std::move(http_options), api->router());
}

Status Process::Parts::listen() {
  Result<http::Address> asked = http::parse_address(settings.listen);
  if (!asked.ok()) return with_hint(asked.error(), !options.listen.empty(), "--listen");
  // Beyond this machine, TLS always.
  if (asked.value().is_tls || !asked.value().is_loopback()) {
    auto made = load_or_make_tls(options.data_dir, names_of_server(asked.value(), settings.names),
                                 wall_time());
    if (!made.ok()) return made.error();
    tls = std::move(made.value());
  }
  const auto sign = [this](std::string_view bytes) { return release_key->sign(bytes); };
  api = std::make_unique<Api>(ApiContext{*live,
                                         *view,
                                         writer,
                                         *artifacts,
                                         *engine,
                                         *history,
                                         *watch,
                                         view_edge,
                                         writer_edge,
                                         *agents,
                                         *clock,
                                         {release_key->public_hex(), sign},
                                         token,
                                         options.data_dir,
                                         kDuruVersion,
                                         tls ? tls->ca_fingerprint : ""});
  // A free port is asked for: the last one, if it is free still, so that callers find us again.
  http::Address address = asked.value();
  const Result<http::Address> last = http::parse_address(settings.last_address);
  const bool try_last = address.port == 0 && last.ok() && last.value().host == address.host;
  if (try_last) address.port = last.value().port;
  Result<std::unique_ptr<http::HttpServer>> listening = listen_at(address);
  if (!listening.ok() && try_last) listening = listen_at(asked.value());
  if (!listening.ok()) return with_hint(listening.error(), !options.listen.empty(), "--listen");
  http = std::move(listening.value());
  settings.last_address = http->address().str();
  api->set_counters([this] { return http->counters(); });
  DURU_TRY(write_private_file(options.data_dir, "pid", std::to_string(::getpid()) + "\n"));
  // Only what a server could start with is remembered.
  DURU_TRY(save_settings(options.data_dir, settings));
  const http::Address reached = address_from_here(http->address());
  const std::string text = reached.is_tls ? reached.url() : reached.str();
  return write_private_file(options.data_dir, "address", text + "\n");
}

Process::Process(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Process>> Process::start(const ServerOptions& options,
                                                const OpenFiles& file_limits) {
  Result<Catalog> catalog = load_catalog(options.catalog_dir);
  if (!catalog.ok()) return catalog.error();
  auto parts = std::make_unique<Parts>(options, file_limits, std::move(catalog.value()));
  DURU_TRY(parts->open_files());
  DURU_TRY(parts->recover_state());
  std::unique_ptr<Process> process(new Process(std::move(parts)));
  DURU_TRY(process->parts_->start_engine());
  DURU_TRY(process->parts_->begin_work());
  DURU_TRY(process->parts_->listen());
  return process;
}

Process::~Process() { stop(); }

std::string Process::url() const { return address_from_here(parts_->http->address()).url(); }

void Process::stop() {
  Parts& parts = *parts_;
  if (parts.http != nullptr) {
    ::unlink((parts.options.data_dir + "/address").c_str());
    parts.http->stop(kStopGrace);
  }
  if (parts.agents != nullptr) parts.agents->shutdown();
  if (parts.engine != nullptr) parts.engine->shutdown();
  if (parts.live != nullptr) parts.live->stop();
  if (parts.http != nullptr) ::unlink((parts.options.data_dir + "/pid").c_str());
}

}  // namespace duru

#include "duru/scenario/installation.h"

#include <future>
#include <random>

#include "duru/artifact/folder_artifact_store.h"
#include "duru/base/wire.h"
#include "duru/domain/commands.h"
#include "duru/edge/edge_module.h"
#include "duru/engine/local/local_engine.h"
#include "duru/journal/sqlite/sqlite_journal.h"
#include "duru/loop/effects.h"
#include "duru/loop/live_loop.h"
#include "duru/loop/recovery.h"
#include "duru/simulation/replay.h"

namespace duru {
namespace {

const SiteName kSite("here");

class NoSink : public LedgerSink {
  void add(const Interval&) override {}
  void add(const Charge&) override {}
};

// Task runs are named by it, over all that runs on this machine.
InstallationId draw_installation_id() {
  std::random_device device;
  const std::string text =
      make_id_text(static_cast<std::int64_t>(device()), static_cast<std::uint32_t>(device()));
  return InstallationId(text.substr(text.size() - 8));
}

// One clock over all restarts of one installation, as within one boot.
Timestamp anchor() {
  static const Timestamp anchor(wall_time().value - boottime_ms());
  return anchor;
}

}  // namespace

// What lives from one start to the next stop.
struct Installation::Parts {
  Parts(std::vector<Projection*> projections, std::unique_ptr<SqliteJournal> opened,
        std::unique_ptr<FolderArtifactStore> artifacts, std::unique_ptr<LocalEngine> local)
      : journal(std::move(opened)),
        store(std::move(artifacts)),
        engine(std::move(local)),
        view(reader, {&reader_edge},
             [&] {
               projections.push_back(&effects);
               return projections;
             }()),
        loop({&writer, &writer_edge}, *journal, outbox),
        live(loop, view, outbox, *journal, clock, live_options()) {
    journal->set_listener([this](std::int64_t seq) { outbox.on_durable(seq); },
                          [](const Error&) {});
  }

  LiveLoopOptions live_options() {
    LiveLoopOptions options;
    options.observed_through = [this] { return engine->observed_through(); };
    options.resend_step = [this](const State& state) { return effects.resend_step(state); };
    return options;
  }

  BoottimeClock clock{anchor()};
  Outbox outbox;
  std::unique_ptr<SqliteJournal> journal;
  std::unique_ptr<FolderArtifactStore> store;
  std::unique_ptr<LocalEngine> engine;
  CoreModule writer;
  EdgeModule writer_edge;
  CoreModule reader;
  EdgeModule reader_edge;
  Effects effects;
  View view;
  Loop loop;
  LiveLoop live;
};

Installation::Installation(InstallationOptions options)
    : options_(std::move(options)),
      id_(draw_installation_id()),
      inspector_(all_checkers(), {&trace_, &book_}) {}

Installation::~Installation() { end(); }

Result<std::unique_ptr<Installation>> Installation::open(InstallationOptions options) {
  std::unique_ptr<Installation> here(new Installation(std::move(options)));
  DURU_TRY(here->begin(RestartFrom::kJournal));
  return here;
}

Status Installation::begin(RestartFrom from) {
  static const BoottimeClock clock(anchor());
  Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open(options_.folder + "/data");
  if (!journal.ok()) return journal.error();
  Result<std::unique_ptr<FolderArtifactStore>> store =
      FolderArtifactStore::open(options_.folder + "/data");
  if (!store.ok()) return store.error();
  LocalEngineOptions local;
  local.data_folder = options_.folder + "/data";
  local.supervise_program = options_.supervise_program;
  local.installation = id_;
  Result<std::unique_ptr<LocalEngine>> engine =
      LocalEngine::open(std::move(local), clock, *store.value());
  if (!engine.ok()) return engine.error();
  const Result<std::vector<DurableCommit>> commits = read_commits(*journal.value());
  if (!commits.ok()) return commits.error();

  parts_ =
      std::make_unique<Parts>(std::vector<Projection*>{&inspector_}, std::move(journal.value()),
                              std::move(store.value()), std::move(engine.value()));
  DURU_TRY(recover(from, commits.value()));
  Parts& parts = *parts_;
  const Timestamp alive_at = std::max(parts.loop.last_now(), Timestamp(parts.journal->alive_ms()));
  CommandRequest start;
  start.command = StartServer{id_, "scenario", alive_at, boot_id(), anchor()};
  parts.loop.submit(std::move(start), parts.clock.now());
  CommandRequest fleet;  // found as it was
  fleet.command = DefineFleet{};
  parts.loop.submit(std::move(fleet), parts.clock.now());
  DURU_TRY(parts.journal->flush());
  while (parts.view.drain(parts.outbox)) {
  }
  parts.effects.begin({{kSite, parts.engine.get()}}, parts.reader.state());
  DURU_TRY(parts.engine->start(
      [&parts](Message observation) { parts.live.observe(std::move(observation)); }));
  parts.live.start();
  return ok_status();
}

Status Installation::recover(RestartFrom from, const std::vector<DurableCommit>& commits) {
  Parts& parts = *parts_;
  parts.outbox.on_durable(parts.journal->tail().last_seq);
  if (from == RestartFrom::kJournal) {
    for (const DurableCommit& commit : commits) {
      parts.loop.replay(commit);
      parts.view.apply(commit);
    }
    return ok_status();
  }
  NoSink sink;
  Replica replica(modules_beside_core());
  for (std::size_t i = 0; i < commits.size() / 2; ++i) replica.apply(commits[i], sink);
  const Result<SnapshotBody> body = decode<SnapshotBody>(encode(replica.snapshot()));
  if (!body.ok()) return body.error();
  Replica restored(modules_beside_core());
  DURU_TRY(restored.restore(body.value()));
  for (std::size_t i = commits.size() / 2; i < commits.size(); ++i) {
    restored.apply(commits[i], sink);
  }
  const SnapshotBody whole = restored.snapshot();
  DURU_TRY(restore_modules(whole, {&parts.writer, &parts.writer_edge}));
  DURU_TRY(restore_modules(whole, {&parts.reader, &parts.reader_edge}));
  parts.loop.resume_at(whole.last_seq, whole.term, whole.now, whole.answers);
  parts.view.resume_at(whole.last_seq, whole.now);
  return ok_status();
}

void Installation::end() {
  if (parts_ == nullptr) return;
  parts_->engine->shutdown();
  parts_->live.stop();
  parts_.reset();
}

Status Installation::restart(RestartFrom from) {
  end();
  return begin(from);
}

Reply Installation::submit(Message command) {
  std::promise<Reply> answer;
  std::future<Reply> reply = answer.get_future();
  CommandRequest request;
  request.command = std::move(command);
  request.principal = "operator";
  request.answer = [](const Accepted&) { return std::string(); };
  request.reply = [&answer](Reply r) { answer.set_value(std::move(r)); };
  parts_->live.submit(std::move(request));
  return reply.get();
}

JobId Installation::draw_job_id() { return make_id<JobId>(now().value, ++jobs_drawn_); }

Timestamp Installation::now() const { return parts_->clock.now(); }

Site Installation::site() const { return {kSite, "", "local", parts_->engine->capabilities()}; }

void Installation::read(const std::function<void(const State&)>& use) const {
  parts_->view.read([&](const View::Reading& reading) { use(reading.state); });
}

std::vector<TraceStep> Installation::steps() const {
  return parts_->view.read([&](const View::Reading&) { return trace_.steps(); });
}

std::vector<std::string> Installation::violations() const {
  return parts_->view.read([&](const View::Reading&) { return inspector_.violations(); });
}

Usage Installation::usage(Timestamp from) const {
  return parts_->view.read(
      [&](const View::Reading& reading) { return book_.usage(from, reading.mark); });
}

Result<std::vector<DurableCommit>> Installation::commits() {
  DURU_TRY(parts_->journal->flush());
  return read_commits(*parts_->journal);
}

Digest Installation::chain() const { return parts_->journal->tail().chain; }

}  // namespace duru

#include <memory>

#include "duru/base/wire.h"
#include "duru/cli/context.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/journal_text.h"
#include "duru/cli/verbs.h"
#include "duru/journal/sqlite/sqlite_journal.h"
#include "duru/journal/sqlite/verify.h"
#include "duru/server/accept_loss.h"
#include "duru/server/snapshot_maker.h"

// The journal of a data folder, read beside a server or without one.
namespace duru::cli {
namespace {

std::string folder_of(Context& context) { return context.data_folder(); }

// Nothing to read is an answer about the folder, not about a server.
Error about_folder(Error error) {
  if (error.code == ErrorCode::kUnavailable) error.code = ErrorCode::kNotFound;
  return error;
}

int verify(Context& context) {
  const auto report = verify_journal(folder_of(context));
  if (!report.ok()) return context.fail(about_folder(report.error()));
  const bool as_json = context.output() == Output::kJson;
  context.console().out(as_json ? report_json(report.value()) : report_text(report.value()));
  return report.value().sound() ? kExitOk : kExitJobFailed;
}

int read_all(Context& context, std::string (*line_of)(const Commit&, bool as_json)) {
  auto journal = SqliteJournal::open_readonly(folder_of(context));
  if (!journal.ok()) return context.fail(about_folder(journal.error()));
  const bool as_json = context.output() == Output::kJson;
  const Status read = journal.value()->read(1, [&](const Entry& entry) -> Status {
    const auto commit = decode<Commit>(entry.body);
    if (!commit.ok()) return commit.error();
    context.console().out(line_of(commit.value(), as_json));
    if (context.console().all_out()) return ok_status();
    return Error{ErrorCode::kExhausted, "standard output did not take everything", false, false};
  });
  return read.ok() ? kExitOk : context.fail(read.error());
}

int take_snapshot(Context& context) {
  const auto seq = make_snapshot(folder_of(context));
  if (!seq.ok()) return context.fail(about_folder(seq.error()));
  context.console().note("made a snapshot at fact " + std::to_string(seq.value()));
  return kExitOk;
}

int accept(Context& context, std::int64_t to_seq) {
  const auto user = context.environment()("USER");
  const auto loss = accept_journal_loss(folder_of(context), to_seq, user.value_or("operator"));
  if (!loss.ok()) return context.fail(about_folder(loss.error()));
  context.console().note("accepted the loss of facts " + std::to_string(loss.value().first_seq) +
                         (loss.value().last_seq == 0
                              ? std::string(" and later ones, how many is not known")
                              : " to " + std::to_string(loss.value().last_seq)) +
                         "; duru up starts from what is left");
  return kExitOk;
}

Verb accept_loss_verb() {
  auto to = std::make_shared<std::optional<std::int64_t>>();
  Argument argument = option("--to", "SEQ", to.get(), "the last fact that is still there");
  argument.required = true;
  return {.name = "accept-loss",
          .summary = "Go on without facts that are missing; this becomes a fact itself",
          .examples = "  duru journal accept-loss --to 49\n",
          .arguments = {argument},
          .run = [to](Context& context) { return accept(context, **to); }};
}

}  // namespace

Verb journal_verb() {
  return {
      .name = "journal",
      .summary = "Check or read the journal of a data folder, beside a server or without one",
      .examples =
          "  duru journal verify                  # exit code 1 if anything is wrong\n"
          "  duru journal dump | tail\n"
          "  duru --data /srv/duru journal export > commits.jsonl\n",
      .verbs = {
          {.name = "verify",
           .summary = "Check every record, the chain and the head file",
           .examples = "  duru journal verify\n  duru --data /srv/duru journal verify -o json\n",
           .run = verify},
          {.name = "dump",
           .summary = "Print every fact, one a line: number, time, kind, text",
           .examples = "  duru journal dump\n  duru journal dump -o json     # JSON lines\n",
           .run = [](Context& context) { return read_all(context, fact_lines); }},
          {.name = "export",
           .summary = "Print every commit as a JSON line: its cause and its facts",
           .examples = "  duru journal export > commits.jsonl\n",
           .run = [](Context& context) { return read_all(context, commit_line); }},
          {.name = "snapshot",
           .summary = "Make a snapshot now, so that the next start is quick",
           .examples = "  duru journal snapshot\n",
           .run = take_snapshot},
          accept_loss_verb(),
      }};
}

}  // namespace duru::cli

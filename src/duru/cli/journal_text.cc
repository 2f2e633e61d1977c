#include "duru/cli/journal_text.h"

#include "duru/base/json.h"

namespace duru::cli {
namespace {

struct Shown {
  std::string kind;
  std::string body;  // JSON
};

std::string quoted(std::string_view text) {
  std::string out;
  write_json_string(text, out);
  return out;
}

Shown show(Family family, const StoredMessage& stored) {
  const auto message = load(family, stored);
  if (!message.ok()) {
    return {"unknown-" + std::to_string(stored.kind) + "-v" + std::to_string(stored.version),
            "{\"bytes\":" + std::to_string(stored.body.size()) + "}"};
  }
  std::string body;
  write_json(message.value().kind().type(), message.value().body(), JsonForm::kSparse, body);
  return {std::string(message.value().kind().name), std::move(body)};
}

std::string object_of(const Shown& shown) {
  return "{\"kind\":" + quoted(shown.kind) + ",\"body\":" + shown.body + "}";
}

Family family_of(std::int32_t number) {
  for (const Family family : {Family::kFact, Family::kCommand, Family::kObservation}) {
    if (static_cast<std::int32_t>(family) == number) return family;
  }
  return Family::kFact;
}

}  // namespace

std::string fact_lines(const Commit& commit, bool as_json) {
  std::string text;
  std::int64_t seq = commit.first_seq;
  const std::string time = format_timestamp(commit.now);
  for (const StoredMessage& stored : commit.facts) {
    const Shown fact = show(Family::kFact, stored);
    if (as_json) {
      text += "{\"seq\":" + std::to_string(seq) + ",\"time\":" + quoted(time) +
              ",\"kind\":" + quoted(fact.kind) + ",\"body\":" + fact.body + "}\n";
    } else {
      text += std::to_string(seq) + "  " + time + "  " + fact.kind + "  " + fact.body + "\n";
    }
    ++seq;
  }
  return text;
}

std::string commit_line(const Commit& commit, bool) {
  std::string text = "{\"first_seq\":" + std::to_string(commit.first_seq) +
                     ",\"term\":" + std::to_string(commit.term) +
                     ",\"now\":" + quoted(format_timestamp(commit.now)) +
                     ",\"principal\":" + quoted(commit.principal) + ",\"cause\":";
  // A tick has no body.
  text += commit.cause.kind == 0 ? std::string("null")
                                 : object_of(show(family_of(commit.cause_family), commit.cause));
  text += ",\"facts\":[";
  for (std::size_t i = 0; i < commit.facts.size(); ++i) {
    text += (i > 0 ? "," : "") + object_of(show(Family::kFact, commit.facts[i]));
  }
  return text + "]}\n";
}

std::string report_text(const JournalReport& report) {
  std::string text = "records: " + std::to_string(report.entry_count) +
                     "\nfacts: " + std::to_string(report.fact_count) + " (" +
                     std::to_string(report.first_seq) + " to " + std::to_string(report.last_seq) +
                     ")\nterms: " + std::to_string(report.term_count) +
                     "\nchain: " + report.chain.hex() +
                     "\nacknowledged: " + std::to_string(report.acknowledged_seq) + "\n";
  for (const std::string& problem : report.problems) text += "problem: " + problem + "\n";
  return text + (report.sound() ? "the journal is sound\n"
                                : std::to_string(report.problem_count) +
                                      " problems; docs/journal.md says what can be done\n");
}

std::string report_json(const JournalReport& report) {
  std::string problems;
  for (const std::string& problem : report.problems) {
    problems += (problems.empty() ? "" : ",") + quoted(problem);
  }
  return "{\"sound\":" + std::string(report.sound() ? "true" : "false") +
         ",\"record_count\":" + std::to_string(report.entry_count) +
         ",\"fact_count\":" + std::to_string(report.fact_count) +
         ",\"first_seq\":" + std::to_string(report.first_seq) +
         ",\"last_seq\":" + std::to_string(report.last_seq) +
         ",\"term_count\":" + std::to_string(report.term_count) +
         ",\"chain\":" + quoted(report.chain.hex()) +
         ",\"acknowledged_seq\":" + std::to_string(report.acknowledged_seq) +
         ",\"problem_count\":" + std::to_string(report.problem_count) + ",\"problems\":[" +
         problems + "]}\n";
}

}  // namespace duru::cli

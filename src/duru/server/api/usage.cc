// GET /v1/usage: what the fleet's time went to, and who owes what.
#include "duru/core/ledger/usage.h"

#include <algorithm>
#include <chrono>

#include "duru/server/api/backend.h"
#include "duru/server/api/field_usage.h"
#include "duru/server/api/query.h"

namespace duru {
namespace {

constexpr std::chrono::milliseconds kMarkWaitMax(2000);
constexpr std::chrono::milliseconds kMarkPoll(20);

struct UsageQuery {
  std::optional<Timestamp> from;
  std::optional<Timestamp> to;
  std::string project;
};

// What is open is read together with the number of the last fact that it holds, so that closed and
// open parts fit without gap or overlap.
struct OpenAccount {
  Timestamp mark;
  std::int64_t seq = 0;
  std::vector<Interval> intervals;
  std::vector<Charge> charges;
};

class AccountSink : public LedgerSink {
 public:
  AccountSink(UsageAccount& account, std::string project)
      : account_(account), project_(std::move(project)) {}
  void add(const Interval& interval) override { account_.add(interval); }
  void add(const Charge& charge) override {
    if (project_.empty() || charge.project.str() == project_) account_.add(charge);
  }

 private:
  UsageAccount& account_;
  std::string project_;
};

// The view's mark comes up to a second behind. Whoever asks for the account up to now, gets it up
// to the moment of asking, so that a bill holds all of what was seen to end before.
void wait_for_mark(Backend& backend, Timestamp wanted) {
  const auto until = std::chrono::steady_clock::now() + kMarkWaitMax;
  const auto mark = [&] {
    return backend.context().view.read([](const View::Reading& reading) { return reading.mark; });
  };
  while (mark() < wanted && std::chrono::steady_clock::now() < until &&
         backend.accounts().pause(kMarkPoll)) {
  }
}

OpenAccount read_open(Backend& backend) {
  return backend.context().view.read([&](const View::Reading& reading) {
    const Ledger& ledger = backend.context().history.ledger();
    return OpenAccount{reading.mark, reading.applied_seq, ledger.open_intervals(reading.mark),
                       ledger.open_charges(reading.mark)};
  });
}

// Where the account of everything begins.
Result<Timestamp> first_moment(History& history, const OpenAccount& open) {
  Result<std::optional<Timestamp>> closed = history.earliest();
  if (!closed.ok()) return closed.error();
  Timestamp first = closed.value().value_or(open.mark);
  for (const Interval& interval : open.intervals) first = std::min(first, interval.from);
  return first;
}

Result<Usage> account(Backend& backend, const UsageQuery& query) {
  History& history = backend.context().history;
  const OpenAccount open = read_open(backend);
  const Timestamp to = std::min(query.to.value_or(open.mark), open.mark);
  Result<Timestamp> from =
      query.from.has_value() ? Result<Timestamp>(*query.from) : first_moment(history, open);
  if (!from.ok()) return from.error();
  UsageAccount account(std::min(from.value(), to), to);
  AccountSink sink(account, query.project);
  DURU_TRY(history.account(open.seq, from.value(), to, sink));
  for (const Interval& interval : open.intervals) sink.add(interval);
  for (const Charge& charge : open.charges) sink.add(charge);
  return account.take();
}

// The account, and in `field` what nodes of the field did.
std::string with_field(Backend& backend, const Usage& usage, bool of_all_time) {
  std::string json = to_json(usage);
  json.back() = ',';
  json += "\"field\":[";
  for (const FieldUsage& line : field_usage(backend, usage, of_all_time)) {
    if (json.back() != '[') json += ',';
    json += to_json(line);
  }
  return json + "]}";
}

void get_usage(Backend& backend, const RequestPtr& request, http::Responder responder) {
  QueryReader reader(request->query);
  UsageQuery query{reader.time("from"), reader.time("to"), reader.text("project")};
  if (query.from.has_value() && query.to.has_value() && *query.from > *query.to) {
    reader.fault("from is later than to", "give the earlier time as from");
  }
  if (auto bad = reader.problem({"from", "to", "project"})) {
    responder.send(*bad);
    return;
  }
  const Timestamp asked_at = backend.context().clock.now();
  const Timestamp wanted = std::min(query.to.value_or(asked_at), asked_at);
  backend.accounts().add([&backend, query = std::move(query), wanted, responder]() mutable {
    wait_for_mark(backend, wanted);
    const Result<Usage> usage = account(backend, query);
    if (!usage.ok()) {
      responder.send(error_response(usage.error()));
      return;
    }
    const bool of_all_time = !query.from.has_value() && !query.to.has_value();
    responder.send(http::json_response(200, with_field(backend, usage.value(), of_all_time)));
  });
}

}  // namespace

void add_usage_route(http::Router& router, Backend& backend) {
  router.add("GET", "/v1/usage", [&backend](const RequestPtr& request, http::Responder responder) {
    get_usage(backend, request, std::move(responder));
  });
}

}  // namespace duru

// GET /v1/usage: what the fleet's time went to, and who owes what.
#include "duru/core/ledger/usage.h"

#include <algorithm>

#include "duru/server/api/backend.h"
#include "duru/server/api/query.h"

namespace duru {
namespace {

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
  backend.files().add([&backend, query = std::move(query), responder]() mutable {
    const Result<Usage> usage = account(backend, query);
    responder.send(usage.ok() ? http::json_response(200, to_json(usage.value()))
                              : error_response(usage.error()));
  });
}

}  // namespace

void add_usage_route(http::Router& router, Backend& backend) {
  router.add("GET", "/v1/usage", [&backend](const RequestPtr& request, http::Responder responder) {
    get_usage(backend, request, std::move(responder));
  });
}

}  // namespace duru

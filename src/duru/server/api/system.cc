// /healthz, /readyz, /metrics, /v1/version.
#include <tuple>

#include "duru/api/render.h"
#include "duru/server/api/backend.h"
#include "duru/server/api/metrics.h"

namespace duru {
namespace {

using AcceleratorClass = std::tuple<std::string, std::string, bool>;  // chip, state, emulated

std::map<JobState, std::int64_t> count_jobs(const View& view) {
  std::map<JobState, std::int64_t> counts;
  for (const EnumName& entry : type_of<JobState>().enum_names) {
    counts[static_cast<JobState>(entry.value)] = 0;
  }
  JobId after;
  bool more = true;
  while (more) {
    view.read([&](const View::Reading& reading) {
      const StepBudget budget;
      auto it = reading.state.jobs.upper_bound(after);
      for (; it != reading.state.jobs.end() && !budget.spent(); ++it) {
        ++counts[it->second.state];
        after = it->first;
      }
      more = it != reading.state.jobs.end();
    });
  }
  return counts;
}

std::map<AcceleratorClass, std::int64_t> count_accelerators(const View& view,
                                                            const EdgeState& field) {
  std::map<AcceleratorClass, std::int64_t> counts;
  NodeName after;
  bool more = true;
  while (more) {
    view.read([&](const View::Reading& reading) {
      const StepBudget budget;
      auto it = reading.state.nodes.upper_bound(after);
      for (; it != reading.state.nodes.end() && !budget.spent(); ++it) {
        for (const Accelerator& accelerator : it->second.node.accelerators) {
          const AcceleratorObject object =
              accelerator_object(reading.state, field, it->second, accelerator);
          ++counts[{object.chip, object.state, object.emulated}];
        }
        after = it->first;
      }
      more = it != reading.state.nodes.end();
    });
  }
  return counts;
}

void add_http_metrics(const http::HttpCounters& counters, MetricsText& text) {
  const auto number = [](std::uint64_t n) { return static_cast<std::int64_t>(n); };
  text.begin("duru_http_requests_total", "counter", "Requests whose head was complete.");
  text.add({}, number(counters.requests));
  text.begin("duru_http_requests_refused_total", "counter",
             "Requests that the HTTP layer answered itself.");
  text.add({}, number(counters.requests_refused));
  text.begin("duru_http_connections_total", "counter", "Connections that were accepted.");
  text.add({}, number(counters.connections_accepted));
  text.begin("duru_http_connections_refused_total", "counter", "Connections that got no place.");
  text.add({}, number(counters.connections_refused));
  text.begin("duru_http_connections_displaced_total", "counter",
             "Idle connections that were closed so that others had a place.");
  text.add({}, number(counters.connections_displaced));
  text.begin("duru_http_connections", "gauge", "Connections that are open.");
  text.add({}, number(counters.connections_open));
  text.begin("duru_http_connections_kept", "gauge",
             "Of them, those that nodes keep from one sync to the next.");
  text.add({}, number(counters.connections_kept));
  text.begin("duru_http_streams", "gauge", "Watch and log streams that are open.");
  text.add({}, number(counters.streams_open));
  text.begin("duru_http_slow_readers_dropped_total", "counter",
             "Readers that fell too far behind and were dropped.");
  text.add({}, number(counters.slow_readers_dropped));
  text.begin("duru_http_tls_handshakes_failed_total", "counter",
             "Connections that ended before TLS was agreed on, or spoke in clear.");
  text.add({}, number(counters.tls_handshakes_failed));
}

std::string metrics_text(Backend& backend) {
  const View& view = backend.context().view;
  MetricsText text;
  text.begin("duru_build_info", "gauge", "The build that runs; always 1.");
  text.add({{"version", backend.context().version}}, 1);
  text.begin("duru_jobs", "gauge", "Jobs that the core holds, by state.");
  for (const auto& [state, count] : count_jobs(view)) {
    text.add({{"state", enum_name(state)}}, count);
  }
  text.begin("duru_accelerators", "gauge", "Accelerators by chip and state.");
  for (const auto& [key, count] : count_accelerators(view, backend.context().edge.state())) {
    const auto& [chip, state, emulated] = key;
    text.add({{"chip", chip}, {"state", state}, {"emulated", emulated ? "true" : "false"}}, count);
  }
  const auto [facts, term] = view.read([](const View::Reading& reading) {
    return std::pair(reading.applied_seq, reading.state.term);
  });
  text.begin("duru_facts_total", "counter", "Durable facts, over the installation's life.");
  text.add({}, facts);
  text.begin("duru_commits_total", "counter",
             "Commits that this process applied, those of its start included.");
  text.add({}, backend.context().watch.commit_count());
  text.begin("duru_term", "gauge", "The term: how often a server took over.");
  text.add({}, term);
  text.begin("duru_watch_streams", "gauge", "Watch streams that are open.");
  text.add({}, static_cast<std::int64_t>(backend.context().watch.subscriber_count()));
  if (const auto counters = backend.counters()) add_http_metrics(counters(), text);
  return text.take();
}

std::string version_json(Backend& backend) {
  const auto [installation, term] = backend.context().view.read([](const View::Reading& reading) {
    return std::pair(reading.state.installation.str(), reading.state.term);
  });
  std::string out = "{\"version\":";
  write_json_string(backend.context().version, out);
  out += ",\"installation\":";
  write_json_string(installation, out);
  out += ",\"term\":" + std::to_string(term) + ",\"data\":";
  write_json_string(backend.context().data_dir, out);
  return out + "}";
}

}  // namespace

void add_system_routes(http::Router& router, Backend& backend) {
  router.add("GET", "/healthz", [](const RequestPtr&, http::Responder responder) {
    responder.send(http::json_response(200, R"({"status":"ok"})"));
  });
  // The server listens only once it has recovered, so whoever is answered may send commands.
  router.add("GET", "/readyz", [&backend](const RequestPtr&, http::Responder responder) {
    const bool ready = backend.context().view.read(
        [](const View::Reading& reading) { return reading.state.term > 0; });
    responder.send(ready ? http::json_response(200, R"({"status":"ready"})")
                         : error_response({ErrorCode::kUnavailable,
                                           "the server has not begun its term", true, false}));
  });
  router.add("GET", "/metrics", [&backend](const RequestPtr&, http::Responder responder) {
    backend.files().add([&backend, responder]() mutable {
      responder.send(http::text_response(200, metrics_text(backend), MetricsText::kContentType));
    });
  });
  router.add("GET", "/v1/version", [&backend](const RequestPtr&, http::Responder responder) {
    responder.send(http::json_response(200, version_json(backend)));
  });
}

}  // namespace duru

// The API under /v1: routes over the live process (docs/openapi.yaml describes them).
//
//   Api api({live, view, writer, artifacts, engine, …}); auto server =
//   http::HttpServer::listen({.address = …, .gate = api.gate()}, api.router());
//   api.set_counters([&] { return server.value()->counters(); });
//
// Guarantees: a GET reads the view in bounded steps and nothing else of the loop's; a command goes
// to the loop and is answered once it is durable and the view shows it. What reads or writes files
// runs on threads of the API's own, never on the HTTP server's. `writer` is touched only by the
// callback that the loop calls on its own thread right after a decision.
//
// The Api outlives the HTTP server and the loop's threads. stop() ends its threads and streams.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "duru/artifact/artifact_store.h"
#include "duru/base/clock.h"
#include "duru/edge/edge_module.h"
#include "duru/engine/agent/agent_engine.h"
#include "duru/history/history.h"
#include "duru/http/server.h"
#include "duru/loop/live_loop.h"
#include "duru/server/api/watch_hub.h"

namespace duru {

// The installation's key, by which nodes know its releases.
struct ReleaseSigner {
  std::string public_key;                             // 64 hexadecimal digits
  std::function<std::string(std::string_view)> sign;  // 128 hexadecimal digits
};

struct ApiContext {
  LiveLoop& loop;
  const View& view;
  const CoreModule& writer;
  ArtifactStore& artifacts;
  Engine& engine;  // of every site that takes jobs: reads logs
  History& history;
  WatchHub& watch;
  const EdgeModule& edge;         // the view's: read under its lock
  const EdgeModule& edge_writer;  // like `writer`
  AgentEngine& agents;
  const Clock& clock;
  ReleaseSigner signer;
  std::string token;     // what Authorization must bear
  std::string data_dir;  // uploads arrive in DIR/incoming
  std::string version = {};
  std::string ca_fingerprint = {};  // of a server that speaks TLS: codes bear it
};

class Backend;

class Api {
 public:
  explicit Api(ApiContext context);
  ~Api();

  http::Router router();
  http::Gate gate() const;
  // For /metrics; from any thread, before the first request at best.
  void set_counters(std::function<http::HttpCounters()> counters);
  void stop();

 private:
  std::shared_ptr<Backend> backend_;
};

}  // namespace duru

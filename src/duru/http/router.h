// Which handler answers which method and path.
//
//   Router router;
//   router.add("GET", "/v1/projects/{project}/jobs/{id}", [](auto request, Responder responder) {
//     responder.send(json_response(200, show(request->parameter("id"))));
//   });
//   router.add("PUT", "/v1/artifacts/{digest}", put_artifact, {.upload_folder = data +
//   "/incoming"});
//
// Guarantees: a literal segment wins over a parameter whatever the order of add(); a parameter is
// one whole, non-empty segment, decoded. HEAD is answered by GET's handler without its body. A path
// that is known under other methods only gives their names for Allow. Finding costs one map lookup
// a segment, times the few literal-or-parameter forks on the way.
//
// A malformed pattern or a route added twice is our own mistake: an assertion.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "duru/http/request.h"
#include "duru/http/responder.h"

namespace duru::http {

// Called on the server's one thread when the request is complete. It must be quick; it may answer
// later, from any thread.
using Handler = std::function<void(std::shared_ptr<Request>, Responder)>;

struct RouteOptions {
  // Where bodies of this route are written, each to a temporary file of its own, instead of being
  // held in memory. Empty: in memory.
  std::string upload_folder = {};
  std::uint64_t body_bytes_max = 0;  // 0: the limit of HttpLimits
};

struct Route {
  std::string pattern;
  std::vector<std::string> parameter_names;
  Handler handler;
  RouteOptions options;
};

struct RouteMatch {
  const Route* route = nullptr;  // lives as long as the router
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string allow;  // "GET, HEAD, POST" when the path is known under other methods only
};

class Router {
 public:
  Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;
  ~Router();

  void add(std::string method, std::string pattern, Handler handler, RouteOptions options = {});
  RouteMatch find(std::string_view method, const std::vector<std::string>& segments) const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
};

}  // namespace duru::http

#include "duru/http/router.h"

#include "duru/base/assert.h"

namespace duru::http {

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> parameter;
  std::map<std::string, Route, std::less<>> routes;  // by method
};

namespace {

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

std::vector<std::string> split_pattern(std::string_view pattern) {
  DURU_ASSERT(!pattern.empty() && pattern.front() == '/');
  std::vector<std::string> segments;
  std::size_t start = 1;
  while (start <= pattern.size()) {
    const std::size_t slash = pattern.find('/', start);
    const std::size_t end = slash == std::string_view::npos ? pattern.size() : slash;
    segments.emplace_back(pattern.substr(start, end - start));
    start = end + 1;
  }
  return segments;
}

// The methods of a leaf, as Allow lists them.
template <class Routes>
std::string allowed(const Routes& routes) {
  std::string list;
  const auto append = [&list](std::string_view method) {
    if (!list.empty()) list += ", ";
    list += method;
  };
  for (const auto& [method, route] : routes) {
    append(method);
    if (method == "GET" && !routes.contains("HEAD")) append("HEAD");
  }
  return list;
}

}  // namespace

Router::Router() : root_(std::make_unique<Node>()) {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

void Router::add(std::string method, std::string pattern, Handler handler, RouteOptions options) {
  Route route{pattern, {}, std::move(handler), std::move(options)};
  Node* node = root_.get();
  for (const std::string& segment : split_pattern(pattern)) {
    std::unique_ptr<Node>* next = nullptr;
    if (is_parameter(segment)) {
      route.parameter_names.push_back(segment.substr(1, segment.size() - 2));
      next = &node->parameter;
    } else {
      DURU_ASSERT(segment.find_first_of("{}") == std::string::npos);
      next = &node->literals[segment];
    }
    if (*next == nullptr) *next = std::make_unique<Node>();
    node = next->get();
  }
  const bool is_new = node->routes.emplace(std::move(method), std::move(route)).second;
  DURU_ASSERT(is_new);
}

RouteMatch Router::find(std::string_view method, const std::vector<std::string>& segments) const {
  // Depth-first, literals before the parameter; a leaf without the method only adds to Allow.
  struct Search {
    std::string_view method;
    const std::vector<std::string>& segments;
    std::vector<const std::string*> captured = {};
    RouteMatch match = {};

    bool at(const Node& node, std::size_t depth) {
      if (depth == segments.size()) return ends_at(node);
      const auto literal = node.literals.find(segments[depth]);
      if (literal != node.literals.end() && at(*literal->second, depth + 1)) return true;
      if (node.parameter == nullptr || segments[depth].empty()) return false;
      captured.push_back(&segments[depth]);
      if (at(*node.parameter, depth + 1)) return true;
      captured.pop_back();
      return false;
    }

    bool ends_at(const Node& node) {
      auto found = node.routes.find(method);
      if (found == node.routes.end() && method == "HEAD") found = node.routes.find("GET");
      if (found == node.routes.end()) {
        if (match.allow.empty()) match.allow = allowed(node.routes);
        return false;
      }
      match.route = &found->second;
      for (std::size_t i = 0; i < captured.size(); ++i) {
        match.parameters.emplace_back(found->second.parameter_names[i], *captured[i]);
      }
      return true;
    }
  };
  Search search{method, segments};
  search.at(*root_, 0);
  return std::move(search.match);
}

}  // namespace duru::http

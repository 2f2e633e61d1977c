#include "duru/cli/lookup.h"

#include <boost/json.hpp>

#include "duru/cli/json_access.h"

namespace duru::cli {

Result<boost::json::value> find_object(ApiClient& api, const KindInfo& kind,
                                       const std::string& project, const std::string& name) {
  const auto body =
      api.get(kind.has_single ? single_path(kind, project, name) : list_path(kind, project));
  if (!body.ok()) return body.error();
  auto answer = parse_answer(body.value());
  if (!answer.ok() || kind.has_single) return answer;
  for (const auto& item : list_of(answer.value(), "items")) {
    if (is_named(kind, item, name)) return boost::json::value(item);
  }
  return no_such(kind, name);
}

Error no_such(const KindInfo& kind, const std::string& name) {
  return {ErrorCode::kNotFound,
          "there is no " + kind.singular + " " + name + "; duru get " + kind.plural + " lists them",
          false, false};
}

}  // namespace duru::cli

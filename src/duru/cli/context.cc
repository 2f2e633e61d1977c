#include "duru/cli/context.h"

#include "duru/cli/exit_code.h"

namespace duru::cli {

Output Context::output() const {
  if (options_.output == "wide") return Output::kWide;
  if (options_.output == "json") return Output::kJson;
  if (options_.output == "yaml") return Output::kYaml;
  if (options_.output == "name") return Output::kName;
  return Output::kTable;
}

Result<ApiClient> Context::connect() const {
  const LocationOptions wanted{options_.server, options_.token, options_.data, options_.ca};
  auto locate = [wanted, environment = environment_] { return find_server(wanted, environment); };
  auto found = locate();
  if (!found.ok()) return found.error();
  return ApiClient(std::move(found.value()), locate);
}

int Context::fail(const Error& error) {
  console_.note("error: " + error.message);
  return exit_code_of(error);
}

int Context::fail_usage(const std::string& message) {
  return fail({ErrorCode::kInvalid, message, false, false});
}

}  // namespace duru::cli

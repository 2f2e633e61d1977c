#include "duru/server/settings.h"

#include "duru/base/json.h"
#include "duru/base/record_macros.h"
#include "duru/server/data_dir.h"

namespace duru {

DURU_RECORD(ServerSettings, (1, listen), (2, node_name), (3, emulate), (4, fleet_file_json),
            (5, last_address), (6, names))

Result<ServerSettings> load_settings(const std::string& dir) {
  const auto text = read_file_of(dir, "settings.json");
  if (!text.ok()) return text.error();
  if (!text.value()) return ServerSettings{};
  JsonResult<ServerSettings> settings = from_json<ServerSettings>(*text.value());
  if (settings.ok()) return settings.value;
  const JsonProblem& problem = settings.problems.front();
  return Error{ErrorCode::kDamaged,
               dir + "/settings.json: " + problem.pointer + " " + problem.detail +
                   "; mend it, or remove it and give the options again",
               false, false};
}

Status save_settings(const std::string& dir, const ServerSettings& settings) {
  return write_private_file(dir, "settings.json", to_json(settings) + "\n");
}

}  // namespace duru

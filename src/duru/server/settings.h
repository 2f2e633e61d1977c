// What a server remembers of its options, in DIR/settings.json: absent flags change nothing at the
// next start. Written whole (temporary file, fsync, rename).
#pragma once

#include "duru/base/record.h"
#include "duru/base/result.h"

namespace duru {

struct ServerSettings {
  std::string listen;     // HOST:PORT as asked for
  std::string node_name;  // of this machine, chosen at the first start
  std::map<std::string, std::int64_t> emulate;
  std::string fleet_file_json;
  std::string last_address;        // HOST:PORT of the last start
  std::vector<std::string> names;  // further ones, of the certificate
};
DURU_DECLARE_RECORD(ServerSettings)

Result<ServerSettings> load_settings(const std::string& dir);  // defaults when there is no file
Status save_settings(const std::string& dir, const ServerSettings& settings);

}  // namespace duru

// The live process: journal, loop, view, local engine, API. `duru up` calls run_server() and
// nothing else.
//
//   ServerOptions options;
//   options.data_dir = "/var/lib/duru";
//   options.emulate = {{"h100", 1}};
//   return run_server(options);     // until SIGTERM; the exit code
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace duru {

struct ServerOptions {
  std::string data_dir;  // made when missing
  std::string listen;    // HOST:PORT; "" : as last time, else 127.0.0.1:0. Beyond loopback in TLS
  std::optional<std::vector<std::string>>
      names;  // host names or addresses that its certificate is for, too; not given: as last time
  std::optional<std::map<std::string, int>>
      emulate;  // chip or alias -> count, on this machine's node; not given: as last time
  std::optional<std::string>
      fleet_file_json;        // the content of a --fleet file, as JSON; not given: as last time
  std::string catalog_dir;    // "" : the built-in catalogue
  bool accept_clock = false;  // the wall clock is right although it jumped far
  std::int64_t snapshot_every = 50'000;  // facts between two snapshots
  std::string supervisor_path;           // "" : duru-supervise beside this program
};

// Serves until SIGTERM or SIGINT; work goes on after that. Prints one line on stdout when ready:
// `server: http[s]://127.0.0.1:PORT  data: DIR`; what is wrong goes to stderr. 0 after a clean
// stop.
int run_server(const ServerOptions& options);

// A fleet file (YAML for people, JSON here): {"nodes": [{"name": "n1", "cpu": 8, "memory": "64GiB",
// "labels": {…}, "accelerators": {"h100": 4}, "count": 3}]}. `count` makes n1-0 … n1-2. All of it
// is emulated, and says so.
// A node that the file of a later start no longer names is cordoned ("no longer in the fleet")
// while it has work, and removed by the first start that finds it without.

}  // namespace duru

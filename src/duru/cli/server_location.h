// Where the server is: the first of these that names one.
//   1. --server URL, with --token or DURU_TOKEN
//   2. --data DIR: the address and token files of a local server, and its CA
//   3. DURU_SERVER, with DURU_TOKEN
//   4. the configuration $XDG_CONFIG_HOME/duru/config.yaml: `server:`, `token:` and `ca:`
//   5. the default data folder: $XDG_STATE_HOME/duru, else ~/.local/state/duru
//
// An https server is believed if the CA in --ca FILE, DURU_CA or `ca:` has signed its certificate;
// without any of them, if one that this system trusts has. Beyond this machine, https alone is
// spoken.
//
//   Result<ServerLocation> found = find_server({.data = "/srv/duru"}, environment);
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "duru/base/result.h"
#include "duru/http/address.h"

namespace duru::cli {

using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

struct LocationOptions {
  std::optional<std::string> server;
  std::optional<std::string> token;
  std::optional<std::string> data;
  std::optional<std::string> ca = {};  // a file
};

struct ServerLocation {
  http::Address address;
  std::string token;        // may be empty
  std::string how;          // for messages: "--server", "the data folder /srv/duru"
  std::string remedy = {};  // what helps when it does not answer
  std::string ca_pem = {};  // of an https server: who must have signed its certificate, if named
};

// kUnavailable if a data folder has no running server; kInvalid for a bad URL, CA file or
// configuration.
Result<ServerLocation> find_server(const LocationOptions& options, const Environment& environment);

// `given` from the root, else $XDG_STATE_HOME/duru, else ~/.local/state/duru.
std::string data_folder_of(const std::optional<std::string>& given, const Environment& environment);

}  // namespace duru::cli

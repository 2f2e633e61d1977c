#include "duru/server/version.h"

#include <boost/json.hpp>

#include "duru/cli/exit_code.h"
#include "duru/cli/json_access.h"
#include "duru/cli/show.h"
#include "duru/cli/verbs.h"

namespace duru::cli {
namespace {

// What the server says of itself; null when none is reached: this verb needs none.
boost::json::value server_version(Context& context) {
  auto api = context.connect();
  if (!api.ok()) return nullptr;
  const auto body = api.value().get(path_of({"v1", "version"}));
  if (!body.ok()) {
    context.console().progress(body.error().message);
    return nullptr;
  }
  auto parsed = parse_answer(body.value());
  return parsed.ok() ? std::move(parsed.value()) : boost::json::value(nullptr);
}

int run_version(Context& context) {
  const boost::json::value server = server_version(context);
  if (context.output() == Output::kJson || context.output() == Output::kYaml) {
    show_json(context, boost::json::value{{"client", kDuruVersion}, {"server", server}});
    return kExitOk;
  }
  context.console().out(std::string("client: ") + kDuruVersion + "\n");
  if (server.is_null()) {
    context.console().out("server: none reached\n");
  } else {
    context.console().out("server: " + text_of(server, "version") + ", installation " +
                          text_of(server, "installation") + ", term " + text_of(server, "term") +
                          "\n");
  }
  return kExitOk;
}

}  // namespace

Verb version_verb() {
  return {.name = "version",
          .summary = "The versions of this program and of the server",
          .examples = "  duru version\n  duru version -o json\n",
          .run = run_version};
}

}  // namespace duru::cli

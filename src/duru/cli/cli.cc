#include "duru/cli/cli.h"

#include "duru/cli/command_line.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/verbs.h"

namespace duru::cli {

int run_cli(const std::vector<std::string>& arguments, Console& console,
            const Environment& environment) {
  GlobalOptions globals;
  const std::vector<Verb> verbs = all_verbs();
  const ParsedLine parsed = parse_command_line(verbs, globals, arguments);
  int code = parsed.exit_code;
  if (parsed.verb == nullptr) {
    if (code == kExitOk) {
      console.out(parsed.text);
    } else {
      console.note(parsed.text.substr(0, parsed.text.find_last_not_of('\n') + 1));
    }
  } else {
    Context context(globals, console, environment);
    code = parsed.verb->run(context);
  }
  if (code == kExitOk && !console.all_out()) {
    console.note("error: standard output did not take everything");
    return kExitJobFailed;
  }
  return code;
}

}  // namespace duru::cli

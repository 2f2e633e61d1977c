#include "duru/engine/simulated/task_program.h"

#include <charconv>

namespace duru {
namespace {

TaskProgram ends_with(std::int32_t code) { return {Milliseconds(0), code, false, {}}; }

bool parse_code(const std::string& text, std::int32_t& code) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, code);
  return error == std::errc() && stop == end && code >= 0 && code <= 255;
}

TaskProgram read_duru_task(const std::vector<std::string>& argv) {
  const TaskProgram usage = ends_with(2);
  TaskProgram program = ends_with(0);
  for (std::size_t i = 2; i < argv.size(); ++i) {
    if (argv[i] == "--ignore-term") {
      program.ignores_term = true;
      continue;
    }
    if (i + 1 == argv.size()) return usage;
    const std::string& value = argv[i + 1];
    if (argv[i] == "--for") {
      Milliseconds duration;
      if (!parse_duration(value, duration)) return usage;
      program.duration = duration;
    } else if (argv[i] == "--exit") {
      if (!parse_code(value, program.exit_code)) return usage;
    } else if (argv[i] == "--output") {
      program.outputs.push_back(value);
    } else {
      return usage;
    }
    ++i;
  }
  return program;
}

TaskProgram read_sleep(const std::vector<std::string>& argv) {
  if (argv.size() != 2) return ends_with(1);
  if (argv[1] == "infinity") return {std::nullopt, 0, false, {}};
  std::int64_t duration_ms = 0;
  if (!parse_decimal(argv[1], 3, duration_ms) || duration_ms < 0) return ends_with(1);
  return {Milliseconds(duration_ms), 0, false, {}};
}

}  // namespace

std::optional<TaskProgram> read_task_program(const std::vector<std::string>& argv) {
  if (argv.empty()) return std::nullopt;
  const std::size_t slash = argv[0].rfind('/');
  const std::string name = slash == std::string::npos ? argv[0] : argv[0].substr(slash + 1);
  if (name == "duru" && argv.size() >= 2 && argv[1] == "task") return read_duru_task(argv);
  if (name == "sleep") return read_sleep(argv);
  if (name == "true") return ends_with(0);
  if (name == "false") return ends_with(1);
  return std::nullopt;
}

}  // namespace duru

#include "duru/domain/names.h"

#include <algorithm>
#include <charconv>

#include "duru/base/record_macros.h"

namespace duru {

namespace {

// Takes "-<number>" off the end of `text`.
bool take_number(std::string_view& text, std::int32_t& out) {
  std::size_t dash = text.rfind('-');
  if (dash == std::string_view::npos) return false;
  std::string_view digits = text.substr(dash + 1);
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (error != std::errc() || end != digits.data() + digits.size() || out < 0) return false;
  text.remove_suffix(digits.size() + 1);
  return true;
}

}  // namespace

DURU_RECORD(WorkloadId, (1, owner), (2, ordinal))
DURU_RECORD(AcceleratorId, (1, node), (2, index))

bool parse_accelerator(std::string_view text, AcceleratorId& out) {
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) return false;
  std::int32_t index = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, index);
  if (error != std::errc() || stop != end || index < 0) return false;
  out = {NodeName(std::string(text.substr(0, slash))), index};
  return true;
}

TaskRunName task_run_name(const InstallationId& installation, const WorkloadId& workload,
                          std::int32_t attempt, std::int32_t task) {
  return TaskRunName("duru-" + installation.str() + "-" + workload.str() + "-" +
                     std::to_string(attempt) + "-" + std::to_string(task));
}

bool parse_run_name(const TaskRunName& name, const InstallationId& installation, RunIdentity& out) {
  const std::string prefix = "duru-" + installation.str() + "-";
  std::string_view rest = name.str();
  if (rest.substr(0, prefix.size()) != prefix) return false;
  rest.remove_prefix(prefix.size());
  if (!take_number(rest, out.task) || !take_number(rest, out.attempt) ||
      !take_number(rest, out.workload.ordinal) || rest.empty()) {
    return false;
  }
  out.workload.owner = std::string(rest);
  // Only names that we would make ourselves: no leading zeroes, no odd characters.
  return task_run_name(installation, out.workload, out.attempt, out.task) == name &&
         is_valid_name(name.str());
}

bool is_valid_name(std::string_view text, std::size_t length_max) {
  const auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  if (text.empty() || text.size() > length_max || !alphanumeric(text[0])) return false;
  for (char c : text) {
    if (!alphanumeric(c) && c != '.' && c != '_' && c != '-') return false;
  }
  return true;
}

bool is_safe_path(const std::string& path) {
  if (path.empty() || path.size() > 255 || path[0] == '/') return false;
  std::size_t start = 0;
  while (start <= path.size()) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = std::string_view(path).substr(start, end - start);
    if (part.empty() || part == "." || part == "..") return false;
    start = end + 1;
  }
  return path.find('\0') == std::string::npos;
}

}  // namespace duru

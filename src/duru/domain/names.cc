#include "duru/domain/names.h"

#include <charconv>

#include "duru/base/record_macros.h"

namespace duru {

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

}  // namespace duru

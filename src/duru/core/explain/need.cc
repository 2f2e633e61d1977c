#include "duru/core/explain/need.h"

namespace duru {
namespace {

std::string chip_text(const Request& request) {
  if (!request.chip.empty()) return request.chip.str();
  return request.track == Track::kGpu ? "a gpu chip" : "an npu chip";
}

std::string host_text_of_one(const JobSpec& spec) {
  std::string text = format_decimal(spec.cpu->value, 3) + " cpu";
  if (spec.memory.value > 0) text += " and " + mebibytes(spec.memory.value);
  return text;
}

std::string tasks_with(const JobSpec& spec, const std::string& what) {
  return std::to_string(*spec.tasks) + " tasks with " + what + " each";
}

}  // namespace

std::string accelerators_text(const JobSpec& spec, const Request& request) {
  const std::int64_t of_one = (request.amount.value + 999) / 1000;
  const std::string what = std::to_string(of_one) + " × " + chip_text(request);
  if (*spec.tasks == 1) return of_one == 1 ? what : what + " on one node";
  return tasks_with(spec, what) + (of_one == 1 ? "" : ", each on one node");
}

std::string host_text(const JobSpec& spec) {
  const std::string what = host_text_of_one(spec);
  return *spec.tasks == 1 ? what : tasks_with(spec, what);
}

std::string need_text(const JobSpec& spec, const Request& request) {
  if (!request.needs_accelerator()) return host_text(spec);
  return accelerators_text(spec, request) + ", with " + host_text_of_one(spec) +
         (*spec.tasks == 1 ? "" : " per task");
}

std::string mebibytes(std::int64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

std::string listed(const std::vector<std::string>& names, std::size_t names_max) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < names_max; ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > names_max)
    text += " and " + std::to_string(names.size() - names_max) + " more";
  return text;
}

}  // namespace duru

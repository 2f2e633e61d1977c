#include "duru/cli/job_document.h"

#include <algorithm>
#include <boost/json.hpp>

#include "duru/cli/json_access.h"

namespace duru::cli {
namespace {

namespace bj = boost::json;

constexpr std::size_t kJobsMax = 10'000;

class JobReader {
 public:
  explicit JobReader(JobDocument& document) : document_(document) {}

  void read(const bj::value& root) {
    if (!root.is_object()) {
      return problem("", "expected a job, or `jobs:` with a list of them; got " + kind_text(root));
    }
    const bj::value* jobs = root.get_object().if_contains("jobs");
    if (jobs == nullptr) return read_job(root, "");
    document_.is_list = true;
    for (const auto& member : root.get_object()) {
      const std::string_view key(member.key().data(), member.key().size());
      if (key != "jobs") {
        problem(pointer_to_member("", key), "unknown field; beside `jobs` nothing is known");
      }
    }
    if (!jobs->is_array() || jobs->get_array().empty()) {
      return problem("/jobs", "expected a list of one or more jobs, got " +
                                  (jobs->is_array() ? "an empty one" : kind_text(*jobs)));
    }
    if (jobs->get_array().size() > kJobsMax) {
      return problem("/jobs", "has more than " + std::to_string(kJobsMax) + " jobs");
    }
    for (std::size_t i = 0; i < jobs->get_array().size(); ++i) {
      read_job(jobs->get_array()[i], pointer_to_element("/jobs", i));
    }
  }

 private:
  void problem(const std::string& pointer, std::string detail) {
    document_.problems.push_back({document_.positions.find(pointer), pointer, std::move(detail)});
  }

  void read_job(const bj::value& value, const std::string& pointer) {
    LocalJob job;
    job.pointer = pointer;
    bj::value rest = value;
    if (value.is_object()) {
      if (const bj::value* files = value.get_object().if_contains("files")) {
        job.files = read_local_files(
            *files, pointer + "/files",
            [this](const std::string& at, std::string detail) { problem(at, std::move(detail)); });
        rest.get_object().erase("files");
      }
    }
    JsonResult<JobSpec> spec = from_json<JobSpec>(json_text(rest));
    for (const JsonProblem& p : spec.problems) problem(pointer + p.pointer, p.detail);
    job.spec = std::move(spec.value);
    document_.jobs.push_back(std::move(job));
  }

  JobDocument& document_;
};

}  // namespace

JobDocument read_job_document(std::string_view text, DocumentForm form) {
  JobDocument document;
  DocumentResult read = read_document(text, form);
  document.positions = std::move(read.document.positions);
  document.problems = std::move(read.problems);
  if (!document.problems.empty()) return document;
  const auto root = parse_answer(read.document.json);
  if (!root.ok()) {
    document.problems.push_back({{}, "", root.error().message});
    return document;
  }
  JobReader(document).read(root.value());
  std::stable_sort(document.problems.begin(), document.problems.end(),
                   [](const FileProblem& a, const FileProblem& b) {
                     return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
                   });
  return document;
}

std::string pointer_in_file(const JobDocument& document, std::string_view pointer) {
  constexpr std::string_view kItems = "/items";
  if (document.is_list && pointer.substr(0, kItems.size()) == kItems) {
    return "/jobs" + std::string(pointer.substr(kItems.size()));
  }
  return std::string(pointer);
}

}  // namespace duru::cli

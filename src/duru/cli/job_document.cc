#include "duru/cli/job_document.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "duru/cli/json_access.h"

namespace duru::cli {
namespace {

namespace bj = boost::json;

constexpr std::size_t kJobsMax = 10'000;

std::string kind_text(const bj::value& value) {
  switch (value.kind()) {
    case bj::kind::null:
      return "null";
    case bj::kind::string:
      return "string " + json_text(value);
    case bj::kind::array:
      return "a list";
    case bj::kind::object:
      return "an object";
    default:
      return json_text(value);
  }
}

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
        read_files(*files, pointer + "/files", job);
        rest.get_object().erase("files");
      }
    }
    JsonResult<JobSpec> spec = from_json<JobSpec>(json_text(rest));
    for (const JsonProblem& p : spec.problems) problem(pointer + p.pointer, p.detail);
    job.spec = std::move(spec.value);
    document_.jobs.push_back(std::move(job));
  }

  void read_files(const bj::value& files, const std::string& pointer, LocalJob& job) {
    if (files.is_null()) return;
    if (!files.is_array()) {
      return problem(pointer, "expected a list of files, got " + kind_text(files));
    }
    std::set<std::string> paths;
    for (std::size_t i = 0; i < files.get_array().size(); ++i) {
      LocalFile file;
      file.pointer = pointer_to_element(pointer, i);
      if (!read_file(files.get_array()[i], file)) continue;
      if (!is_path_below(file.path)) {
        problem(file.pointer, "expected a path below the task's working folder, got \"" +
                                  file.path + "\"; write {path: NAME, from: " + file.from + "}");
      } else if (!paths.insert(file.path).second) {
        problem(file.pointer, "the path " + file.path + " stands twice");
      }
      job.files.push_back(std::move(file));
    }
  }

  // False when it is no entry at all.
  bool read_file(const bj::value& entry, LocalFile& file) {
    if (entry.is_string()) {
      file.path = file.from = scalar_text(entry);
      return true;
    }
    if (!entry.is_object()) {
      problem(file.pointer,
              "expected a path, or {path, from, executable}; got " + kind_text(entry));
      return false;
    }
    bool fine = true;
    for (const auto& member : entry.get_object()) {
      fine = read_file_member({member.key().data(), member.key().size()}, member.value(), file) &&
             fine;
    }
    if (fine && file.path.empty()) {
      problem(file.pointer, "expected `path`, the file's path in the task's working folder");
      fine = false;
    }
    if (file.from.empty()) file.from = file.path;
    return fine;
  }

  bool read_file_member(std::string_view key, const bj::value& value, LocalFile& file) {
    const std::string at = pointer_to_member(file.pointer, key);
    if (key == "executable" && (value.is_bool() || value.is_null())) {
      file.executable = value.is_bool() && value.get_bool();
      return true;
    }
    if ((key == "path" || key == "from") && (value.is_string() || value.is_null())) {
      (key == "path" ? file.path : file.from) = scalar_text(value);
      return true;
    }
    if (key == "executable") {
      problem(at, "expected boolean, got " + kind_text(value));
    } else if (key == "path" || key == "from") {
      problem(at, "expected string, got " + kind_text(value));
    } else {
      problem(at, "unknown field; known are path, from, executable");
    }
    return false;
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

bool is_path_below(std::string_view path) {
  if (path.empty() || path.size() > 255 || path[0] == '/') return false;
  for (;;) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    if (part.empty() || part == "." || part == ".." || part.find('\0') != std::string_view::npos) {
      return false;
    }
    if (end == path.size()) return true;
    path.remove_prefix(end + 1);
  }
}

}  // namespace duru::cli

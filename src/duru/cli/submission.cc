#include "duru/cli/submission.h"

#include <boost/json.hpp>

#include "duru/cli/files.h"
#include "duru/cli/json_access.h"

namespace duru::cli {
namespace {

std::optional<Error> upload_all(ApiClient& api, Console& console, const SubmitPlace& place,
                                JobDocument& document) {
  for (LocalJob& job : document.jobs) {
    job.spec.files.clear();
    for (const LocalFile& file : job.files) {
      const std::string path = path_here(file, place.folder);
      console.progress("uploading " + path);
      auto sent = upload(api, place.project, path, file, kJobFilesBytesMax);
      if (!sent.ok()) return sent.error();
      job.spec.files.push_back(std::move(sent.value()));
    }
  }
  return std::nullopt;
}

std::string body_of(const JobDocument& document) {
  if (!document.is_list) return to_json(document.jobs[0].spec, JsonForm::kSparse);
  std::string body = "{\"items\":[";
  for (std::size_t i = 0; i < document.jobs.size(); ++i) {
    body += (i > 0 ? "," : "") + to_json(document.jobs[i].spec, JsonForm::kSparse);
  }
  return body + "]}";
}

Submitted refused(const Problem& problem, const JobDocument& document) {
  Submitted result;
  result.help = problem.help;
  for (const JsonProblem& field : problem.fields) {
    const std::string pointer = pointer_in_file(document, field.pointer);
    result.problems.push_back({document.positions.find(pointer), pointer, field.detail});
  }
  result.error = error_of(problem);
  return result;
}

}  // namespace

std::vector<FileProblem> check_files(const JobDocument& document, const std::string& folder) {
  std::vector<FileProblem> problems;
  for (const LocalJob& job : document.jobs) {
    std::size_t total_bytes = 0;
    for (const LocalFile& file : job.files) {
      const auto bytes = read_regular_file(path_here(file, folder), kJobFilesBytesMax);
      const Position at = document.positions.find(file.pointer);
      if (!bytes.ok()) {
        problems.push_back({at, file.pointer, bytes.error().message});
        continue;
      }
      total_bytes += bytes.value().size();
      if (total_bytes > kJobFilesBytesMax) {
        problems.push_back({at, file.pointer,
                            "the files of the job have more than 16 MiB together; give larger "
                            "things as inputs"});
        break;
      }
    }
  }
  return problems;
}

Submitted submit(ApiClient& api, Console& console, const SubmitPlace& place,
                 JobDocument& document) {
  Submitted result;
  result.error = upload_all(api, console, place, document);
  if (result.error.has_value()) return result;
  const auto answer = api.send({.method = "POST",
                                .target = path_of({"v1", "projects", place.project, "jobs"}),
                                .headers = {{"Content-Type", "application/json"}},
                                .body = body_of(document)});
  if (!answer.ok()) {
    result.error = answer.error();
    return result;
  }
  if (!answer.value().is_success()) return refused(read_problem(answer.value()), document);
  result.answer = answer.value().body;
  return result;
}

}  // namespace duru::cli

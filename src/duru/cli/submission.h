// From jobs on this machine to jobs at the server: uploads their files, then submits them all in
// one request.
//
//   Submitted sent = submit(api, console, {.project = p, .folder = "/home/me/work"}, document);
//   if (sent.error) return context.fail(*sent.error);
//   for (const FileProblem& problem : sent.problems) …     // what the server found, as places
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "duru/cli/api_client.h"
#include "duru/cli/console.h"
#include "duru/cli/job_document.h"

namespace duru::cli {

struct SubmitPlace {
  std::string project;
  std::string folder;  // that paths in `files` are relative to
};

struct Submitted {
  std::optional<Error> error;
  std::vector<FileProblem> problems;  // beside the error, where the server named fields
  std::string help;
  std::string answer;  // JSON: a job, or {"items": […]}
};

// Files of a job together, as the server takes them.
constexpr std::size_t kJobFilesBytesMax = std::size_t{16} << 20;

// Whether each file is there and all of a job's together are small enough.
std::vector<FileProblem> check_files(const JobDocument& document, const std::string& folder);

Submitted submit(ApiClient& api, Console& console, const SubmitPlace& place, JobDocument& document);

}  // namespace duru::cli

// A job file: one job, or `jobs:` with several; YAML or JSON. Read and checked here before anything
// is sent, with the place of every problem.
//
//   JobDocument jobs = read_job_document(text, DocumentForm::kYamlOrJson);
//   for (const FileProblem& p : jobs.problems) note(describe("train.yaml", p));
//
// It differs from what the API takes in `files` alone: paths of files here (or {path, from,
// executable}), which are uploaded before the job is submitted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "duru/base/json.h"
#include "duru/cli/document.h"
#include "duru/cli/local_files.h"
#include "duru/domain/job.h"

namespace duru::cli {

struct LocalJob {
  std::string pointer;  // "" for the one job of a file, "/jobs/0" in a list
  JobSpec spec;         // without its files
  std::vector<LocalFile> files;
};

struct JobDocument {
  SourceMap positions;
  bool is_list = false;
  std::vector<LocalJob> jobs;
  std::vector<FileProblem> problems;
};

JobDocument read_job_document(std::string_view text, DocumentForm form);

// The pointer into the file of a problem that the server found in the request: "/items/1/cpu" ->
// "/jobs/1/cpu".
std::string pointer_in_file(const JobDocument& document, std::string_view pointer);

}  // namespace duru::cli

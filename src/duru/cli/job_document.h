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
#include "duru/domain/job.h"

namespace duru::cli {

// A file that goes with a job.
struct LocalFile {
  std::string pointer;      // of its entry in the document
  std::string path;         // in the task's working folder: relative, below it
  std::string from;         // here, as written: relative to the job file's folder, or absolute
  bool executable = false;  // also when the file here is
};

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

// Whether a path stays below the folder it is put into: relative, no empty part, "." or "..".
bool is_path_below(std::string_view path);

}  // namespace duru::cli

#include "duru/cli/job_document.h"

#include <gtest/gtest.h>

namespace duru::cli {
namespace {

JobDocument read(std::string_view text) {
  return read_job_document(text, DocumentForm::kYamlOrJson);
}

std::string first_problem(std::string_view text) {
  const JobDocument document = read(text);
  return document.problems.empty() ? "none" : describe("train.yaml", document.problems[0]);
}

TEST(JobDocument, one_job_is_read) {
  const JobDocument document = read("name: train\ncommand: [python3, train.py]\ncpu: 2\n");
  ASSERT_TRUE(document.problems.empty());
  EXPECT_FALSE(document.is_list);
  ASSERT_EQ(document.jobs.size(), 1U);
  EXPECT_EQ(document.jobs[0].spec.name, "train");
  EXPECT_EQ(document.jobs[0].spec.cpu, MilliCpu(2000));
}

TEST(JobDocument, several_jobs_are_read) {
  const JobDocument document = read("jobs:\n- {name: a}\n- {name: b, after: [a]}\n");
  ASSERT_TRUE(document.problems.empty());
  EXPECT_TRUE(document.is_list);
  ASSERT_EQ(document.jobs.size(), 2U);
  EXPECT_EQ(document.jobs[1].pointer, "/jobs/1");
  EXPECT_EQ(document.jobs[1].spec.after, std::vector<std::string>{"a"});
}

TEST(JobDocument, an_error_names_file_place_field_and_what_was_expected) {
  EXPECT_EQ(
      first_problem("jobs:\n  - name: a\n    cpu: many\n"),
      "train.yaml:3:5: jobs[0].cpu: expected cpu count like 2 or \"0.5\", got string \"many\"");
  EXPECT_EQ(
      first_problem("kind: batsch\n"),
      "train.yaml:1:1: kind: expected one of batch, train, session; got string \"batsch\"; did you "
      "mean \"batch\"?");
  EXPECT_EQ(first_problem("comand: [a]\n"),
            "train.yaml:1:1: comand: unknown field; did you mean \"command\"?");
  EXPECT_EQ(first_problem("cmd: [a]\n").substr(0, 34), "train.yaml:1:1: cmd: unknown field");
  EXPECT_EQ(first_problem("jobs: []\n"),
            "train.yaml:1:1: jobs: expected a list of one or more jobs, got an empty one");
  EXPECT_EQ(first_problem("jobs: [{name: a}]\nname: b\n"),
            "train.yaml:2:1: name: unknown field; beside `jobs` nothing is known");
  EXPECT_EQ(first_problem("- name: a\n").substr(0, 31), "train.yaml:1:1: expected a job,");
}

TEST(JobDocument, all_problems_are_told_in_the_order_of_the_file) {
  const JobDocument document =
      read("jobs:\n- cpu: many\n  files: [/etc/passwd]\n- tasks: x\n  files: 3\n");
  ASSERT_EQ(document.problems.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(document.problems[i].at.line, static_cast<int>(i) + 2);
}

TEST(JobDocument, files_are_paths_or_objects) {
  const JobDocument document = read(
      "files:\n- train.py\n- {path: lib/a.py, from: ../a.py}\n- {path: run.sh, executable: "
      "true}\n");
  ASSERT_TRUE(document.problems.empty());
  const std::vector<LocalFile>& files = document.jobs[0].files;
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(files[0].from, "train.py");
  EXPECT_EQ(files[1].path, "lib/a.py");
  EXPECT_EQ(files[1].from, "../a.py");
  EXPECT_TRUE(files[2].executable);
  EXPECT_EQ(files[2].from, "run.sh");
}

TEST(JobDocument, files_stay_below_the_working_folder) {
  for (const char* path : {"../a", "/a", "a/../b", "./a", "a//b", "a/"}) {
    EXPECT_FALSE(is_path_below(path)) << path;
    EXPECT_NE(first_problem("files: [" + std::string(path) + "]\n"), "none") << path;
  }
  EXPECT_TRUE(is_path_below("a/b.c"));
  EXPECT_NE(first_problem("files: [a, a]\n").find("stands twice"), std::string::npos);
}

TEST(JobDocument, pointers_of_the_request_become_pointers_of_the_file) {
  EXPECT_EQ(pointer_in_file(read("jobs: [{name: a}]\n"), "/items/0/cpu"), "/jobs/0/cpu");
  EXPECT_EQ(pointer_in_file(read("name: a\n"), "/cpu"), "/cpu");
}

}  // namespace
}  // namespace duru::cli

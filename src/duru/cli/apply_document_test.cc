#include "duru/cli/apply_document.h"

#include <gtest/gtest.h>

namespace duru::cli {
namespace {

constexpr const char* kField = R"(# cameras of the ridge
kind: Fleet
name: cams
selector: {site: ridge}
cpu: 1
---
kind: Release
name: smoke-1
files: [run.sh, {path: a/model.onnx, from: build/model.onnx}]
command: [sh, run.sh]
probe: {command: [sh, probe.sh], ready_within: 30s}
---
kind: Rollout
name: smoke-1-to-cams
fleet: cams
release: smoke-1
waves: [10%, 3, 100%]
success: 90%
failure: 12.5%
bake: 10m
)";

std::string all(const ApplyDocument& document) {
  std::string text;
  for (const FileProblem& p : document.problems) text += describe("f.yaml", p) + "\n";
  return text;
}

TEST(ApplyDocument, SaysForEachKindWhatTheApiTakes) {
  const ApplyDocument document = read_apply_document(kField);
  ASSERT_TRUE(document.problems.empty()) << all(document);
  ASSERT_EQ(document.size(), 3U);
  EXPECT_EQ(document.fleets[0].second, R"({"cpu":1,"name":"cams","selector":{"site":"ridge"}})");
  EXPECT_EQ(document.releases[0].name, "smoke-1");
  ASSERT_EQ(document.releases[0].files.size(), 2U);
  EXPECT_EQ(document.releases[0].files[0].path, "a/model.onnx");
  EXPECT_EQ(document.releases[0].files[1].from, "run.sh");
  EXPECT_EQ(document.releases[0].json.find("files"), std::string::npos);
  for (const char* part : {R"("waves":[{"share_ppm":100000},{"count":3},{"share_ppm":1000000}])",
                           R"("success_ppm":900000)", R"("failure_ppm":125000)"}) {
    EXPECT_NE(document.rollouts[0].second.find(part), std::string::npos)
        << part << document.rollouts[0].second;
  }
}

TEST(ApplyDocument, EveryProblemHasItsLineInTheWholeFile) {
  const ApplyDocument document = read_apply_document(
      "kind: Fleet\nname: a\ncolour: red\n---\nkind: Rollout\nname: b\nwaves: [10%, 0, half]\n"
      "success: 110%\n---\nkind: Camera\n---\nname: c\n---\n- 1\n");
  const std::string problems = all(document);
  for (const char* part :
       {"f.yaml:3:1:", "f.yaml:7:14:", "f.yaml:7:17:", "f.yaml:8:1:", "f.yaml:10:1:",
        "expected Fleet, Release or Rollout", "f.yaml:12:1:", "f.yaml:14:1:"}) {
    EXPECT_NE(problems.find(part), std::string::npos) << part << "\n" << problems;
  }
  EXPECT_EQ(document.problems.size(), 7U) << problems;
}

TEST(ApplyDocument, AnEmptyFileIsAProblem) {
  EXPECT_EQ(read_apply_document("# nothing\n---\n").problems.size(), 1U);
}

TEST(ApplyDocument, ManyDocumentsAreManyThings) {
  std::string text;
  for (int i = 0; i < 50; ++i) {
    text += "---\nkind: Fleet\nname: f" + std::to_string(i) + "\nselector: {n: a}\n";
  }
  EXPECT_EQ(read_apply_document(text).fleets.size(), 50U);
}

TEST(ApplyDocument, WhatTheServerFindsIsFoundInTheFile) {
  const ApplyDocument document = read_apply_document(kField);
  const auto line = [&](std::string_view pointer) {
    return document.positions.find(pointer_in_file(document, pointer)).line;
  };
  EXPECT_EQ(line("/fleets/0/selector"), 4);
  EXPECT_EQ(line("/releases/0/probe/command"), 11);
  EXPECT_EQ(line("/rollouts/0/waves/1/count"), 17);
  EXPECT_EQ(line("/rollouts/7"), 0);
  EXPECT_EQ(pointer_in_file(document, ""), "");
}

}  // namespace
}  // namespace duru::cli

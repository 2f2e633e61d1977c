// A file for `duru apply`: one or several YAML documents (`---` between them), or one of JSON, each
// with `kind: Fleet`, `Release` or `Rollout` and the fields of that kind. Read and checked here
// before anything is sent, with the place of every problem, and by the same rules as the server's;
// left to that is what it alone knows: what is there already, nodes, chips.
//
//   ApplyDocument field = read_apply_document(text);
//   for (const FileProblem& p : field.problems) note(describe("field.yaml", p));
//
// It differs from what the API takes in three things: a release names files here, which are
// uploaded first; shares are written as 10%; `waves` is a list of shares and counts ([10%, 3,
// 100%]).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "duru/cli/document.h"
#include "duru/cli/local_files.h"
#include "duru/domain/field.h"

namespace duru::cli {

// A release as the API takes it, but for its files.
struct LocalRelease {
  std::string pointer;  // of its document
  std::string name;
  std::string json;  // its fields without `files`
  std::vector<LocalFile> files;
};

struct ApplyDocument {
  SourceMap positions;  // pointers begin with the document: "/0/waves/1"
  std::vector<std::pair<std::string, std::string>> fleets;  // pointer, JSON as the API takes it
  std::vector<LocalRelease> releases;
  std::vector<std::pair<std::string, std::string>> rollouts;
  std::vector<FileProblem> problems;
  std::vector<FileProblem> remarks;  // fine, and perhaps not what was meant

  std::size_t size() const { return fleets.size() + releases.size() + rollouts.size(); }
};

ApplyDocument read_apply_document(std::string_view text);

// The pointer into the file of a problem that the server found: "/rollouts/0/waves/1/share_ppm" ->
// "/2/waves/1".
std::string pointer_in_file(const ApplyDocument& document, std::string_view pointer);

}  // namespace duru::cli

#include "duru/cli/local_files.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "duru/cli/files.h"
#include "duru/cli/json_access.h"
#include "duru/cli/source_map.h"

namespace duru::cli {
namespace {

namespace bj = boost::json;

class FileReader {
 public:
  explicit FileReader(const TellProblem& problem) : problem_(problem) {}

  // False when it is no entry at all.
  bool read(const bj::value& entry, LocalFile& file) const {
    if (entry.is_string()) {
      file.path = file.from = scalar_text(entry);
      return true;
    }
    if (!entry.is_object()) {
      problem_(file.pointer,
               "expected a path, or {path, from, executable}; got " + kind_text(entry));
      return false;
    }
    bool fine = true;
    for (const auto& member : entry.get_object()) {
      fine = read_member({member.key().data(), member.key().size()}, member.value(), file) && fine;
    }
    if (fine && file.path.empty()) {
      problem_(file.pointer, "expected `path`, the file's path in the working folder");
      fine = false;
    }
    if (file.from.empty()) file.from = file.path;
    return fine;
  }

 private:
  bool read_member(std::string_view key, const bj::value& value, LocalFile& file) const {
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
      problem_(at, "expected boolean, got " + kind_text(value));
    } else if (key == "path" || key == "from") {
      problem_(at, "expected string, got " + kind_text(value));
    } else {
      problem_(at, "unknown field; known are path, from, executable");
    }
    return false;
  }

  const TellProblem& problem_;
};

}  // namespace

std::vector<LocalFile> read_local_files(const bj::value& files, const std::string& pointer,
                                        const TellProblem& problem) {
  std::vector<LocalFile> read;
  if (files.is_null()) return read;
  if (!files.is_array()) {
    problem(pointer, "expected a list of files, got " + kind_text(files));
    return read;
  }
  std::set<std::string> paths;
  for (std::size_t i = 0; i < files.get_array().size(); ++i) {
    LocalFile file;
    file.pointer = pointer_to_element(pointer, i);
    if (!FileReader(problem).read(files.get_array()[i], file)) continue;
    if (!is_path_below(file.path)) {
      problem(file.pointer, "expected a path below the task's working folder, got \"" + file.path +
                                "\"; write {path: NAME, from: " + file.from + "}");
    } else if (!paths.insert(file.path).second) {
      problem(file.pointer, "the path " + file.path + " stands twice");
    }
    read.push_back(std::move(file));
  }
  return read;
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

std::string path_here(const LocalFile& file, const std::string& folder) {
  if (file.from.empty() || file.from[0] == '/' || folder.empty()) return file.from;
  return folder + "/" + file.from;
}

std::string folder_of(const std::string& document) {
  const std::size_t slash = document.rfind('/');
  if (document == "-" || slash == std::string::npos) return "";
  return slash == 0 ? "/" : document.substr(0, slash);
}

Result<JobFile> upload(ApiClient& api, const std::string& project, const std::string& path,
                       const LocalFile& file, std::size_t bytes_max) {
  auto bytes = read_regular_file(path, bytes_max);
  if (!bytes.ok()) return bytes.error();
  JobFile sent;
  sent.path = file.path;
  sent.digest = sha256(bytes.value());
  sent.size = Bytes(static_cast<std::int64_t>(bytes.value().size()));
  sent.executable = file.executable || is_executable_file(path);
  const auto answer = api.send({.method = "POST",
                                .target = path_of({"v1", "projects", project, "artifacts"}),
                                .headers = {{"Content-Type", "application/octet-stream"}},
                                .body = std::move(bytes.value())});
  if (!answer.ok()) return answer.error();
  if (!answer.value().is_success()) return error_of(read_problem(answer.value()));
  const auto stored = parse_answer(answer.value().body);
  if (!stored.ok()) return stored.error();
  if (text_of(stored.value(), "digest") != sent.digest.hex()) {
    return Error{ErrorCode::kUnavailable,
                 path + ": what the server stored has another digest; try again", true, false};
  }
  return sent;
}

}  // namespace duru::cli

// Files of this machine that a document names, to be uploaded before it is sent: a list of paths,
// or of {path, from, executable}. Of jobs and releases alike.
//
//   job.files = read_local_files(value, "/files", [&](const std::string& at, std::string detail) {
//     …
//   });
//   Result<JobFile> sent = upload(api, "default", path_here(file, folder), file, bytes_max);
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "duru/cli/api_client.h"
#include "duru/domain/job.h"

namespace duru::cli {

struct LocalFile {
  std::string pointer;      // of its entry in the document
  std::string path;         // where it is put: relative, below the working folder
  std::string from;         // here, as written: relative to the document's folder, or absolute
  bool executable = false;  // also when the file here is
};

// `problem` hears of each fault with its pointer.
using TellProblem = std::function<void(const std::string& pointer, std::string detail)>;
std::vector<LocalFile> read_local_files(const boost::json::value& files, const std::string& pointer,
                                        const TellProblem& problem);

// Whether a path stays below the folder it is put into: relative, no empty part, "." or "..".
bool is_path_below(std::string_view path);

// Where the file lies, for a document in `folder`.
std::string path_here(const LocalFile& file, const std::string& folder);
// "" for a file here, and for standard input ("-").
std::string folder_of(const std::string& document);

// Puts its bytes into the artifact store. kExhausted over `bytes_max`; kNotFound, kDenied.
Result<JobFile> upload(ApiClient& api, const std::string& project, const std::string& path,
                       const LocalFile& file, std::size_t bytes_max);

}  // namespace duru::cli

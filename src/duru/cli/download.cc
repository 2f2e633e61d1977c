#include <sys/stat.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <memory>

#include "duru/cli/artifact_file.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/job_document.h"
#include "duru/cli/job_view.h"
#include "duru/cli/json_access.h"
#include "duru/cli/show.h"
#include "duru/cli/size_text.h"
#include "duru/cli/verbs.h"

namespace duru::cli {
namespace {

struct DownloadOptions {
  std::string job;
  std::vector<std::string> outputs;
  std::string to;
  bool force = false;
};

struct Wanted {
  std::string name;
  std::string digest;
  std::int64_t size_bytes = 0;
  std::string path;
};

bool is_folder(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
}

bool is_there(const std::string& path) {
  struct stat about {};
  return ::lstat(path.c_str(), &about) == 0;
}

// One output may be given a name of its own, as cp does; several go into a folder.
std::string path_for(const DownloadOptions& options, const std::string& name) {
  if (options.to.empty()) return name;
  const bool into_folder =
      options.outputs.size() != 1 || options.to.back() == '/' || is_folder(options.to);
  if (!into_folder) return options.to;
  return options.to + (options.to.back() == '/' ? "" : "/") + name;
}

Error no_output(const JobView& job, const std::string& name, const std::string& known) {
  std::string text = "job " + job.name + " has no output" + (name.empty() ? "" : " " + name) + "; ";
  if (!known.empty()) {
    text += "it has " + known;
  } else if (!job.ended()) {
    text += "it is " + job.state + ", and outputs are kept at its end: duru wait " + job.name;
  } else {
    text += "it is " + job.ending() + "; a job file names what to keep in `outputs`";
  }
  return {ErrorCode::kNotFound, text, false, false};
}

Result<std::vector<Wanted>> choose(const boost::json::value& detail,
                                   const DownloadOptions& options) {
  std::vector<Wanted> all;
  std::string known;
  for (const auto& output : list_of(detail, "outputs")) {
    const std::string name = text_of(output, "name");
    // A name from outside must not lead out of the folder.
    if (!is_path_below(name)) continue;
    known += (known.empty() ? "" : ", ") + name;
    all.push_back({name, text_of(output, "digest"), number_of(output, "size_bytes").value_or(0),
                   path_for(options, name)});
  }
  const JobView job = view_of(detail);
  if (all.empty()) return no_output(job, "", "");
  if (options.outputs.empty()) return all;
  std::vector<Wanted> chosen;
  for (const std::string& name : options.outputs) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Wanted& one) { return one.name == name; });
    if (found == all.end()) return no_output(job, name, known);
    chosen.push_back(*found);
  }
  return chosen;
}

Status check_paths(const std::vector<Wanted>& wanted, const DownloadOptions& options) {
  for (const Wanted& one : wanted) {
    if (is_folder(one.path)) {
      return Error{ErrorCode::kInvalid, one.path + " is a folder", false, false};
    }
    if (!options.force && is_there(one.path)) {
      return Error{ErrorCode::kInvalid,
                   one.path + " is there already; --force replaces it, --to PATH goes elsewhere",
                   false, false};
    }
  }
  return ok_status();
}

Status make_folder_of(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) return ok_status();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) return ok_status();
  return system_error("cannot make the folder " + folder.string(), error.value());
}

void show(Context& context, const std::vector<Wanted>& wanted) {
  boost::json::array items;
  Table table({"OUTPUT", "SIZE", "PATH"});
  std::string paths;
  for (const Wanted& one : wanted) {
    items.emplace_back(boost::json::object{{"name", one.name},
                                           {"digest", one.digest},
                                           {"size_bytes", one.size_bytes},
                                           {"path", one.path}});
    table.add({{one.name}, {size_text(Bytes(one.size_bytes)), Color::kNone, true}, {one.path}});
    paths += one.path + "\n";
  }
  switch (context.output()) {
    case Output::kJson:
    case Output::kYaml:
      return show_json(context, boost::json::object{{"items", std::move(items)}});
    case Output::kName:
      return context.console().out(paths);
    case Output::kTable:
    case Output::kWide:
      return context.console().out(
          table.text(!context.options().no_headers, context.console().colored()));
  }
}

int run_download(Context& context, const DownloadOptions& options) {
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const auto body =
      api.value().get(path_of({"v1", "projects", context.project(), "jobs", options.job}));
  if (!body.ok()) return context.fail(body.error());
  const auto detail = parse_answer(body.value());
  if (!detail.ok()) return context.fail(detail.error());
  const auto wanted = choose(detail.value(), options);
  if (!wanted.ok()) return context.fail(wanted.error());
  const Status free = check_paths(wanted.value(), options);
  if (!free.ok()) return context.fail(free.error());
  for (const Wanted& one : wanted.value()) {
    context.console().progress("downloading " + one.name);
    Status done = make_folder_of(one.path);
    if (done.ok()) {
      done = fetch_artifact(api.value(), {context.project(), one.digest}, one.path, options.force);
    }
    if (!done.ok()) return context.fail(done.error());
  }
  show(context, wanted.value());
  return kExitOk;
}

}  // namespace

Verb download_verb() {
  auto options = std::make_shared<DownloadOptions>();
  Argument outputs =
      naming("outputs", optional_positional("OUTPUT", &options->outputs, "default: every output"));
  return {.name = "download",
          .summary = "Fetch the outputs of a job into this folder",
          .examples =
              "  duru download train                         # every output\n"
              "  duru download train model.onnx --to /tmp/m.onnx\n"
              "  duru download train --to results/ --force   # replace what is there\n"
              "A file appears whole, and only when its SHA-256 is right.\n",
          .arguments = {naming("jobs", positional("JOB", &options->job, "id or name")), outputs,
                        option("--to", "PATH", &options->to,
                               "a folder; of one OUTPUT also the file; default: this folder"),
                        flag("--force", &options->force, "replace files that are there")},
          .run = [options](Context& context) { return run_download(context, *options); }};
}

}  // namespace duru::cli

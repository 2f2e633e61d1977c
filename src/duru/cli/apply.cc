#include <boost/json.hpp>
#include <memory>

#include "duru/cli/apply_document.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/files.h"
#include "duru/cli/json_access.h"
#include "duru/cli/show.h"
#include "duru/cli/verbs.h"

// apply: what a file says of the field becomes so, all of it or none.
namespace duru::cli {
namespace {

constexpr std::size_t kReleaseFileBytesMax = std::size_t{256} << 20;  // as docs/cli.md says

struct ApplyOptions {
  std::string file;
  bool check = false;
};

// The file's documents are numbered in pointers; a person reads the place instead.
void tell(Console& console, const std::string& file, const std::vector<FileProblem>& problems) {
  for (FileProblem problem : problems) {
    const std::size_t slash = problem.pointer.find('/', 1);
    problem.pointer = slash == std::string::npos ? "" : problem.pointer.substr(slash);
    console.note(describe(file, problem));
  }
}

std::vector<FileProblem> missing_files(const ApplyDocument& document, const std::string& folder) {
  std::vector<FileProblem> problems;
  for (const LocalRelease& release : document.releases) {
    for (const LocalFile& file : release.files) {
      const auto bytes = read_regular_file(path_here(file, folder), kReleaseFileBytesMax);
      if (bytes.ok()) continue;
      problems.push_back(
          {document.positions.find(file.pointer), file.pointer, bytes.error().message});
    }
  }
  return problems;
}

Result<std::string> upload_release(Context& context, ApiClient& api, const LocalRelease& release,
                                   const std::string& folder) {
  std::string files;
  for (const LocalFile& file : release.files) {
    const std::string path = path_here(file, folder);
    context.console().progress("uploading " + path);
    const auto sent = upload(api, context.project(), path, file, kReleaseFileBytesMax);
    if (!sent.ok()) return sent.error();
    files += (files.empty() ? "" : ",") + to_json(sent.value(), JsonForm::kSparse);
  }
  std::string json = release.json;  // an object, with or without members
  json.pop_back();
  return json + (json == "{" ? "" : ",") + "\"files\":[" + files + "]}";
}

template <class Items, class TextOf>
std::string joined(const Items& items, TextOf text_of_item) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ",") + text_of_item(item);
  return "[" + out + "]";
}

Result<std::string> body_of(Context& context, ApiClient& api, const ApplyDocument& document,
                            const std::string& folder) {
  std::vector<std::string> releases;
  for (const LocalRelease& release : document.releases) {
    auto json = upload_release(context, api, release, folder);
    if (!json.ok()) return json.error();
    releases.push_back(std::move(json.value()));
  }
  const auto second = [](const auto& item) { return item.second; };
  return "{\"fleets\":" + joined(document.fleets, second) +
         ",\"releases\":" + joined(releases, [](const std::string& json) { return json; }) +
         ",\"rollouts\":" + joined(document.rollouts, second) + "}";
}

int refuse(Context& context, const std::string& shown, const ApplyDocument& document,
           const Problem& problem) {
  if (problem.fields.empty()) return context.fail(error_of(problem));
  std::vector<FileProblem> problems;
  for (const JsonProblem& field : problem.fields) {
    const std::string pointer = pointer_in_file(document, field.pointer);
    problems.push_back({document.positions.find(pointer), pointer, field.detail});
  }
  tell(context.console(), shown, problems);
  if (!problem.help.empty()) context.console().note("help: " + problem.help);
  return exit_code_of(error_of(problem));
}

std::string change_of(const boost::json::value& answer, const std::string& name) {
  for (const char* change : {"created", "changed"}) {
    for (const auto& item : list_of(answer, change)) {
      if (scalar_text(item) == name) return change;
    }
  }
  return "unchanged";
}

// What a state alone does not tell: that nothing happens, or that nothing did.
void remark_on_rollout(Console& console, const boost::json::value& rollout, bool unchanged) {
  const std::string name = text_of(rollout, "name");
  if (unchanged && !text_of(rollout, "ended_at").empty()) {
    console.note("rollout " + name + " has ended before (" + text_of(rollout, "state") +
                 ") and does not begin again: give another name");
  } else if (!unchanged && number_of(rollout, "node_count") == 0) {
    console.note("warning: fleet " + text_of(rollout, "fleet") +
                 " has no nodes, so nothing was tried; its release is now " +
                 text_of(rollout, "release") + ", for nodes that come");
  }
}

int show_applied(Context& context, const std::string& body) {
  const auto answer = parse_answer(body);
  if (!answer.ok()) return context.fail(answer.error());
  if (context.output() == Output::kJson || context.output() == Output::kYaml) {
    show_json(context, answer.value());
    return kExitOk;
  }
  std::string last_rollout;
  for (const char* kind : {"fleet", "release", "rollout"}) {
    for (const auto& item : list_of(answer.value(), kind + std::string("s"))) {
      const std::string name = kind + ("/" + text_of(item, "name"));
      const std::string state = text_of(item, "state");
      const std::string change = change_of(answer.value(), name);
      context.console().out(name + "  " + change + (state.empty() ? "" : "  " + state) + "\n");
      if (kind != std::string("rollout")) continue;
      last_rollout = text_of(item, "name");
      remark_on_rollout(context.console(), item, change == "unchanged");
    }
  }
  if (!last_rollout.empty()) {
    context.console().note("next: duru describe rollout " + last_rollout);
  }
  return kExitOk;
}

int run_apply(Context& context, const ApplyOptions& options) {
  const bool from_input = options.file == "-";
  const std::string shown = from_input ? "standard input" : options.file;
  const auto text = from_input ? read_standard_input(kDocumentBytesMax)
                               : read_whole_file(options.file, kDocumentBytesMax);
  if (!text.ok()) return context.fail_usage(text.error().message);
  const std::string folder = folder_of(options.file);
  ApplyDocument document = read_apply_document(text.value());
  if (document.problems.empty()) document.problems = missing_files(document, folder);
  if (!document.problems.empty()) {
    tell(context.console(), shown, document.problems);
    return kExitUsage;
  }
  tell(context.console(), shown, document.remarks);
  if (options.check) {
    context.console().note(shown + ": " + std::to_string(document.size()) +
                           " in good form; duru apply -f " + options.file + " sends it");
    return kExitOk;
  }
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const auto body = body_of(context, api.value(), document, folder);
  if (!body.ok()) return context.fail(body.error());
  const auto answer = api.value().send({.method = "POST",
                                        .target = "/v1/apply",
                                        .headers = {{"Content-Type", "application/json"}},
                                        .body = body.value()});
  if (!answer.ok()) return context.fail(answer.error());
  if (!answer.value().is_success()) {
    return refuse(context, shown, document, read_problem(answer.value()));
  }
  return show_applied(context, answer.value().body);
}

}  // namespace

Verb apply_verb() {
  auto options = std::make_shared<ApplyOptions>();
  return {.name = "apply",
          .summary = "Make fleets, releases and rollouts of the field as a file says",
          .examples =
              "  duru apply -f field.yaml\n"
              "  duru apply --check -f field.yaml      # only whether its form is right\n"
              "The form of the file: docs/field.schema.json\n",
          .arguments = {option("-f,--file", "FILE", &options->file,
                               "a YAML or JSON file with kind: Fleet, Release or Rollout; several "
                               "with --- between them; - for stdin"),
                        flag("--check", &options->check, "check the file and send nothing")},
          .run = [options](Context& context) {
            if (options->file.empty()) return context.fail_usage("which file? duru apply -f FILE");
            return run_apply(context, *options);
          }};
}

}  // namespace duru::cli

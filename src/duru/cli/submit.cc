#include <unistd.h>

#include <boost/json.hpp>
#include <memory>

#include "duru/cli/exit_code.h"
#include "duru/cli/files.h"
#include "duru/cli/json_access.h"
#include "duru/cli/show.h"
#include "duru/cli/submission.h"
#include "duru/cli/verbs.h"

namespace duru::cli {
namespace {

struct SubmitOptions {
  std::string file;
  bool check = false;
};

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

void tell(Console& console, const std::string& file, const std::vector<FileProblem>& problems) {
  for (const FileProblem& problem : problems) console.note(describe(file, problem));
}

int refuse(Context& context, const std::string& shown, const Submitted& sent) {
  if (sent.problems.empty()) return context.fail(*sent.error);
  tell(context.console(), shown, sent.problems);
  if (!sent.help.empty()) context.console().note("help: " + sent.help);
  return exit_code_of(*sent.error);
}

int run_submit(Context& context, const SubmitOptions& options) {
  Console& console = context.console();
  const bool from_input = options.file == "-";
  const std::string shown = from_input ? "standard input" : options.file;
  const auto text = from_input ? read_standard_input(kDocumentBytesMax)
                               : read_whole_file(options.file, kDocumentBytesMax);
  if (!text.ok()) return context.fail_usage(text.error().message);
  JobDocument document =
      read_job_document(text.value(), ends_with(options.file, ".json") ? DocumentForm::kJson
                                                                       : DocumentForm::kYamlOrJson);
  if (document.problems.empty()) document.problems = check_files(document, folder_of(options.file));
  if (!document.problems.empty()) {
    tell(console, shown, document.problems);
    return kExitUsage;
  }
  if (options.check) {
    console.note(shown + ": " + std::to_string(document.jobs.size()) +
                 (document.jobs.size() == 1 ? " job" : " jobs") + " in good form; duru submit " +
                 options.file + " sends it");
    return kExitOk;
  }
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const Submitted sent =
      submit(api.value(), console, {context.project(), folder_of(options.file)}, document);
  if (sent.error.has_value()) return refuse(context, shown, sent);
  return show_submitted(context, sent.answer);
}

}  // namespace

Verb submit_verb() {
  auto options = std::make_shared<SubmitOptions>();
  return {.name = "submit",
          .summary = "Send the jobs of a file; all are accepted or none",
          .examples =
              "  duru submit train.yaml\n"
              "  duru submit --check train.yaml      # only whether its form is right\n"
              "  generate-jobs | duru submit -\n"
              "The form of a job file: docs/job.schema.json\n",
          .arguments = {positional("FILE", &options->file, "a YAML or JSON file; - for stdin"),
                        flag("--check", &options->check, "check the file and send nothing")},
          .run = [options](Context& context) { return run_submit(context, *options); }};
}

}  // namespace duru::cli

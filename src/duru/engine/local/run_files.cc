#include "duru/engine/local/run_files.h"

#include <charconv>

#include "duru/base/json.h"
#include "duru/supervisor/record_file.h"

namespace duru::local {
namespace {

using supervisor::RecordFile;

Error damaged(const std::string& what) {
  Error error;
  error.code = ErrorCode::kDamaged;
  error.message = what;
  return error;
}

}  // namespace

Status write_launch(int folder_fd, const TaskRunSpec& spec) {
  RecordFile record("launch");
  record.add("spec", to_json(spec, JsonForm::kSparse));
  return supervisor::write_durably(folder_fd, "launch", record.text());
}

Result<TaskRunSpec> read_launch(int folder_fd) {
  auto record = supervisor::read_record(folder_fd, "launch", "launch");
  if (!record.ok()) return record.error();
  auto spec = from_json<TaskRunSpec>(record.value().text_of("spec").value_or(""));
  if (spec.ok()) return spec.value;
  return damaged("record `launch`: " + spec.problems[0].pointer + ": " + spec.problems[0].detail);
}

Status write_refusal(int folder_fd, const Refusal& refusal) {
  RecordFile record("refused");
  record.add("cause", refusal.cause == EndCause::kLost ? "lost" : "failed_to_start");
  record.add("detail", refusal.detail);
  return supervisor::write_durably(folder_fd, "refused", record.text());
}

Result<Refusal> read_refusal(int folder_fd) {
  auto record = supervisor::read_record(folder_fd, "refused", "refused");
  if (!record.ok()) return record.error();
  Refusal refusal;
  bool lost = record.value().text_of("cause") == "lost";
  refusal.cause = lost ? EndCause::kLost : EndCause::kFailedToStart;
  refusal.detail = record.value().text_of("detail").value_or("");
  return refusal;
}

Status write_outputs(int folder_fd, const Outputs& outputs) {
  RecordFile record("stored");
  record.add("phase", static_cast<std::int64_t>(outputs.phase));
  for (const auto& [name, output] : outputs.stored) {
    record.add("output",
               output.digest.hex() + " " + std::to_string(output.size.value) + " " + name);
  }
  record.add("detail", outputs.detail);
  return supervisor::write_durably(folder_fd, "stored", record.text());
}

Result<Outputs> read_outputs(int folder_fd) {
  auto record = supervisor::read_record(folder_fd, "stored", "stored");
  if (!record.ok()) return record.error();
  Outputs outputs;
  auto phase = record.value().number_of("phase").value_or(-1);
  if (phase < 0 || phase > static_cast<std::int64_t>(OutputsPhase::kFailed)) {
    return damaged("record `stored`: of no known phase");
  }
  outputs.phase = static_cast<OutputsPhase>(phase);
  outputs.detail = record.value().text_of("detail").value_or("");
  for (const std::string& line : record.value().all_of("output")) {
    std::size_t first = line.find(' '), second = line.find(' ', first + 1);
    StoredOutput output;
    if (second == std::string::npos || !output.digest.parse(line.substr(0, first))) {
      return damaged("record `stored`: a line is not DIGEST SIZE NAME");
    }
    std::from_chars(line.data() + first + 1, line.data() + second, output.size.value);
    outputs.stored[line.substr(second + 1)] = output;
  }
  return outputs;
}

Status write_forgotten(int folder_fd, Timestamp wall) {
  RecordFile record("forgotten");
  record.add("at", format_timestamp(wall));
  return supervisor::write_durably(folder_fd, "forgotten", record.text());
}

Result<Timestamp> read_forgotten(int folder_fd) {
  auto record = supervisor::read_record(folder_fd, "forgotten", "forgotten");
  if (!record.ok()) return record.error();
  Timestamp at;
  if (!parse_timestamp(record.value().text_of("at").value_or(""), at)) {
    return damaged("record `forgotten`: of no time");
  }
  return at;
}

}  // namespace duru::local

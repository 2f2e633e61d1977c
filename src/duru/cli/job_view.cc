#include "duru/cli/job_view.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "duru/cli/json_access.h"
#include "duru/cli/kinds.h"

namespace duru::cli {
namespace {

constexpr std::array<std::string_view, 4> kLivingStates = {"queued", "starting", "running",
                                                           "ending"};
constexpr std::array<std::string_view, 4> kFinalStates = {"succeeded", "failed", "cancelled",
                                                          "expired"};

bool is_final_state(std::string_view state) {
  return std::find(kFinalStates.begin(), kFinalStates.end(), state) != kFinalStates.end();
}

// Its place on the way of a job that lives. A state that this version does not know stands at the
// beginning: waiting on is safe.
std::size_t rank(std::string_view state) {
  const auto it = std::find(kLivingStates.begin(), kLivingStates.end(), state);
  return it == kLivingStates.end() ? 0 : static_cast<std::size_t>(it - kLivingStates.begin());
}

std::string with(const std::string& text, const std::string& more) {
  return more.empty() ? text : text + ": " + more;
}

// Where its last attempt ran. A job that is queued again holds nothing there.
std::string place_of(const boost::json::value& object) {
  const std::string nodes = joined_list(object, "nodes");
  return text_of(object, "chip").empty() ? nodes : nodes + ": " + chip_text(object);
}

std::string failure_of(const boost::json::value& task) {
  const std::string cause = text_of(task, "cause");
  if (cause == "time_limit") return "time limit";
  if (cause == "failed_to_start") return "failed to start";
  if (cause != "exited") return cause;
  const std::string signal = text_of(task, "signal");
  return signal.empty() ? "exit code " + text_of(task, "exit_code") : "signal " + signal;
}

// The first task that ended badly by itself tells how the attempt ended; the others were stopped.
AttemptView attempt_of(const boost::json::value& object) {
  AttemptView attempt;
  attempt.number = number_of(object, "attempt").value_or(0);
  for (const auto& task : list_of(object, "tasks")) {
    const std::string cause = text_of(task, "cause");
    const bool fine = cause == "exited" && text_of(task, "exit_code") == "0";
    if (cause.empty() || cause == "stopped" || fine) continue;
    attempt.failed_task = number_of(task, "task");
    attempt.failure = failure_of(task);
    break;
  }
  return attempt;
}

}  // namespace

bool JobView::ended() const { return is_final_state(state); }

bool JobView::has_reached(const std::string& wanted) const {
  if (state == wanted) return true;
  if (is_final_state(wanted)) return false;
  const std::size_t goal = rank(wanted);
  if (!ended()) return rank(state) >= goal;
  return goal == 0 || started;
}

std::string JobView::ending() const {
  std::string text = state;
  // Reasons that say no more than what stands here already.
  bool said = reason == state || reason == "cancelled";
  if (lost) {
    text = with(text, "lost");
    said = said || reason == "lost";
  } else if (signal.has_value()) {
    text = with(text, "signal " + std::to_string(*signal));
    said = said || reason == "signal";
  } else if (exit_code.has_value() && state != "succeeded") {
    text = with(text, "exit code " + std::to_string(*exit_code));
    said = said || reason == "exit_code";
  }
  return with(with(text, said ? "" : reason), message);
}

std::string JobView::standing() const {
  if (state == "queued") return with(with(state, reason), message);
  return place.empty() ? state : state + " on " + place;
}

int JobView::command_exit_code() const {
  if (succeeded()) return 0;
  if (state == "failed" && !lost) {
    if (signal.has_value()) return 128 + static_cast<int>(*signal);
    if (exit_code.has_value() && *exit_code != 0) return static_cast<int>(*exit_code & 0xFF);
  }
  return 1;
}

std::vector<std::string> job_states() {
  std::vector<std::string> states(kLivingStates.begin(), kLivingStates.end());
  states.insert(states.end(), kFinalStates.begin(), kFinalStates.end());
  return states;
}

JobView view_of(const boost::json::value& answer) {
  const boost::json::value* inner = member_of(answer, "job");
  const boost::json::value& object = inner == nullptr ? answer : *inner;
  JobView job;
  for (const auto& attempt : list_of(answer, "attempts")) {
    job.attempts.push_back(attempt_of(attempt));
  }
  job.id = text_of(object, "id");
  job.name = text_of(object, "name");
  job.state = text_of(object, "state");
  job.reason = text_of(object, "reason");
  job.message = text_of(object, "message");
  if (job.state != "queued") job.place = place_of(object);
  job.tasks = number_of(object, "tasks").value_or(1);
  job.attempt_count = number_of(object, "attempt_count").value_or(0);
  job.started = time_of(object, "started_at").has_value();
  job.exit_code = number_of(object, "exit_code");
  job.signal = number_of(object, "signal");
  job.lost = flag_of(object, "lost");
  return job;
}

}  // namespace duru::cli

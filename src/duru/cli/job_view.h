// A job as the verbs that wait for it see it, taken from the server's answer.
//
//   JobView job = view_of(object);
//   if (job.ended()) return job.succeeded() ? kExitOk : kExitJobFailed;
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace duru::cli {

struct AttemptView {
  std::int64_t number = 0;
  // The task that made it fail and how it ended: "exit code 3", "signal 9", "lost".
  std::optional<std::int64_t> failed_task;
  std::string failure;
};

struct JobView {
  std::string id;
  std::string name;
  std::string state;
  std::string reason;
  std::string message;
  std::string place;  // "here: h100-sxm5-80gb (emulated)"; "" without an attempt
  std::int64_t tasks = 1;
  std::int64_t attempt_count = 0;
  std::vector<AttemptView> attempts;  // where the answer has them
  bool started = false;
  std::optional<std::int64_t> exit_code;
  std::optional<std::int64_t> signal;
  bool lost = false;

  bool ended() const;
  bool succeeded() const { return state == "succeeded"; }
  // Whether it is in `wanted`, or was on its way to where it is now.
  bool has_reached(const std::string& wanted) const;
  // "failed: exit code 3", "cancelled: dependency: train failed"
  std::string ending() const;
  // "queued: no_capacity: needs 1 h100, 0 of 2 are free"
  std::string standing() const;
  // What a shell would say of its command: its exit code, 128 + signal; 1 if it has none.
  int command_exit_code() const;
};

// The states of a job, in the order in which it goes through them.
std::vector<std::string> job_states();

// Of a job as it is listed, or of one in full with its attempts.
JobView view_of(const boost::json::value& answer);

}  // namespace duru::cli

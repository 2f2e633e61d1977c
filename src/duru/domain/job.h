// Jobs as people write them, and as they end.
//
// Records hold no member with a default other than zero: a default takes no bytes on the wire and
// must come back as what it was. Where "not given" differs from zero, the field is optional;
// normalise() (core/lifecycle) fills it in once, at submission.
#pragma once

#include "duru/domain/fleet.h"

namespace duru {

enum class JobKind { kBatch, kTrain, kSession };
DURU_DECLARE_ENUM(JobKind)

enum class JobState {
  kQueued,
  kStarting,  // an attempt is decided, not every task runs yet
  kRunning,
  kEnding,  // it is being stopped, or its tasks ended and outputs are being stored
  kSucceeded,
  kFailed,
  kCancelled,
  kExpired,  // a time limit or a lease ran out
};
DURU_DECLARE_ENUM(JobState)
constexpr bool is_final(JobState state) { return state >= JobState::kSucceeded; }

// One way to run: `amount` accelerators of `chip` per task, with a command, image and environment
// of its own.
struct Variant {
  ChipName chip;
  std::optional<MilliDevices> amount;  // not given: 1
  std::vector<std::string> command;    // empty: the job's
  std::string image;
  std::map<std::string, std::string> env;  // over the job's
};
DURU_DECLARE_RECORD(Variant)

// A file uploaded with the job and put into the working folder of every task run.
struct JobFile {
  std::string path;  // relative, no ".."
  Digest digest;     // in the artifact store
  Bytes size;
  bool executable = false;
};
DURU_DECLARE_RECORD(JobFile)

struct RetryPolicy {
  std::int32_t limit = 0;                // attempts after the first
  std::vector<std::int32_t> exit_codes;  // which exit codes retry; empty: every code but 0
};
DURU_DECLARE_RECORD(RetryPolicy)

struct JobSpec {
  std::string name;
  JobKind kind{};
  std::optional<Track> track;          // any chip of this track, instead of variants
  std::optional<MilliDevices> amount;  // accelerators per task with `track`; not given: 1
  std::vector<Variant> variants;
  std::optional<std::int32_t> tasks;  // n equal ones, all or nothing; not given: 1
  std::optional<MilliCpu> cpu;        // per task; not given: 1
  Bytes memory;                       // per task; 0: not reserved
  std::vector<std::string> command;   // argv, never a shell string
  std::string image;
  std::map<std::string, std::string> env;
  std::vector<JobFile> files;
  std::map<std::string, std::string>
      inputs;                        // name in DURU_INPUTS -> "job/output" or "sha256:<hex>"
  std::vector<std::string> outputs;  // names in DURU_OUTPUTS, of task 0
  std::vector<std::string> after;    // jobs that must succeed first
  Milliseconds time_limit;           // from a task's start; of a session: its lease
  std::int32_t priority = 0;         // higher goes first
  RetryPolicy retries;
  std::optional<Milliseconds> grace;  // between TERM and KILL; not given: 10s
};
DURU_DECLARE_RECORD(JobSpec)

// Where an input comes from, once its name is resolved.
struct JobInput {
  std::string name;
  JobId producer;      // empty when the digest is known already
  std::string output;  // of the producer
  Digest digest;
};
DURU_DECLARE_RECORD(JobInput)

struct StoredOutput {
  Digest digest;
  Bytes size;
};
DURU_DECLARE_RECORD(StoredOutput)

// Where the declared outputs of a task that succeeded are on their way into the artifact store.
enum class OutputsPhase { kPending, kStored, kMissing, kFailed };
DURU_DECLARE_ENUM(OutputsPhase)

enum class EndCause {
  kNone,
  kExited,         // by itself: exit_code or signal
  kStopped,        // because the engine was asked to
  kTimeLimit,      // the supervisor stopped it
  kFailedToStart,  // the command could not be executed
  kLost,           // nobody knows: supervisor or node gone, an infrastructure failure
};
DURU_DECLARE_ENUM(EndCause)

// How one task run ended.
struct TaskEnd {
  EndCause cause{};
  std::optional<std::int32_t> exit_code;
  std::optional<std::int32_t> signal;
  Timestamp ended_at;
  std::string detail;
};
DURU_DECLARE_RECORD(TaskEnd)

// What one task run holds: `amount` of chip on node; `devices` are chosen by us where the engine
// can bind them.
struct Allocation {
  NodeName node;
  ChipName chip;  // empty: no accelerator
  MilliDevices amount;
  std::vector<std::int32_t> devices;
  MilliCpu cpu;
  Bytes memory;
  bool emulated = false;  // the accelerators are; said for ever, also when the node is long gone
};
DURU_DECLARE_RECORD(Allocation)

}  // namespace duru

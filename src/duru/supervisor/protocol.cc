#include "duru/supervisor/protocol.h"

#include <ctime>

namespace duru::supervisor {
namespace {

constexpr Tracking kTrackings[] = {Tracking::kCgroup, Tracking::kMarker};
constexpr LimitState kLimitStates[] = {LimitState::kNone, LimitState::kEnforced,
                                       LimitState::kNotEnforced};
constexpr ExitReason kExitReasons[] = {ExitReason::kExited, ExitReason::kTimeLimit,
                                       ExitReason::kStopped, ExitReason::kFailedToStart};

std::int64_t clock_ms(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1000 + time.tv_nsec / 1'000'000;
}

void add_moment(RecordFile& record, const Moment& moment) {
  record.add("boot_id", moment.boot_id);
  record.add("at_boottime_ms", moment.boottime.value);
  record.add("at", format_timestamp(moment.wall));
}

// Reads the fields of a record and remembers the first that is missing or malformed.
class Fields {
 public:
  explicit Fields(const RecordFile& record) : record_(record) {}

  std::string text(std::string_view key) {
    auto value = record_.text_of(key);
    if (!value) fail(key);
    return value.value_or("");
  }
  std::int64_t number(std::string_view key) {
    auto value = record_.number_of(key);
    if (!value) fail(key);
    return value.value_or(0);
  }
  std::int64_t number_or(std::string_view key, std::int64_t otherwise) {
    return record_.text_of(key) ? number(key) : otherwise;
  }
  std::string text_or(std::string_view key, std::string otherwise) {
    return record_.text_of(key).value_or(std::move(otherwise));
  }
  template <class Enum, std::size_t n>
  Enum one_of(std::string_view key, const Enum (&values)[n]) {
    std::string word = text(key);
    for (Enum value : values) {
      if (word == to_text(value)) return value;
    }
    fail(key);
    return values[0];
  }
  Moment moment() {
    Moment moment;
    moment.boot_id = text("boot_id");
    moment.boottime = Milliseconds(number("at_boottime_ms"));
    if (!parse_timestamp(text("at"), moment.wall)) fail("at");
    return moment;
  }

  template <class T>
  Result<T> give(T value) const {
    if (missing_.empty()) return value;
    Error error;
    error.code = ErrorCode::kInvalid;
    error.message =
        "record `" + record_.kind() + "`: field `" + missing_ + "` is missing or malformed";
    return error;
  }

 private:
  void fail(std::string_view key) {
    if (missing_.empty()) missing_ = key;
  }

  const RecordFile& record_;
  std::string missing_;
};

Status invalid(const std::string& what) {
  Error error;
  error.code = ErrorCode::kInvalid;
  error.message = "run spec: " + what;
  return error;
}

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

}  // namespace

const char* to_text(Tracking tracking) {
  return tracking == Tracking::kCgroup ? "cgroup" : "marker";
}

const char* to_text(LimitState state) {
  switch (state) {
    case LimitState::kNone:
      return "none";
    case LimitState::kEnforced:
      return "enforced";
    case LimitState::kNotEnforced:
      return "not_enforced";
  }
  return "none";
}

const char* to_text(ExitReason reason) {
  switch (reason) {
    case ExitReason::kExited:
      return "exited";
    case ExitReason::kTimeLimit:
      return "time_limit";
    case ExitReason::kStopped:
      return "stopped";
    case ExitReason::kFailedToStart:
      return "failed_to_start";
  }
  return "exited";
}

Status check(const RunSpec& spec) {
  if (spec.name.empty() || spec.name.size() > 63) return invalid("name: 1 to 63 characters");
  for (char c : spec.name) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
      return invalid("name: only a-z, 0-9 and - are allowed");
    }
  }
  if (spec.argv.empty() || spec.argv[0].empty()) return invalid("argv: there is no command");
  for (const std::string& word : spec.argv) {
    if (has_nul(word)) return invalid("argv: holds a NUL byte");
  }
  for (const std::string& entry : spec.environment) {
    if (has_nul(entry)) return invalid("environment: holds a NUL byte");
    if (entry.find('=') == std::string::npos || entry[0] == '=') {
      return invalid("environment: `" + entry + "` is not KEY=VALUE");
    }
  }
  if (spec.working_folder.empty() || spec.working_folder[0] != '/' ||
      has_nul(spec.working_folder)) {
    return invalid("working_folder: must be an absolute path");
  }
  if (spec.time_limit.value < 0 || spec.grace.value < 0 || spec.log_cap.value < 0 ||
      spec.memory_limit.value < 0 || spec.cpu_limit.value < 0) {
    return invalid("limits: must not be negative");
  }
  return ok_status();
}

Moment moment_now() {
  Moment moment;
  moment.boot_id = boot_id();
  moment.boottime = Milliseconds(clock_ms(CLOCK_BOOTTIME));
  moment.wall = Timestamp(clock_ms(CLOCK_REALTIME));
  return moment;
}

RecordFile to_record(const RunSpec& spec) {
  RecordFile record("spec");
  record.add("name", spec.name);
  for (const std::string& word : spec.argv) record.add("argv", word);
  for (const std::string& entry : spec.environment) record.add("environment", entry);
  record.add("working_folder", spec.working_folder);
  record.add("time_limit_ms", spec.time_limit.value);
  record.add("grace_ms", spec.grace.value);
  record.add("log_cap_bytes", spec.log_cap.value);
  record.add("memory_limit_bytes", spec.memory_limit.value);
  record.add("cpu_limit_milli", spec.cpu_limit.value);
  record.add("use_cgroup", spec.use_cgroup ? 1 : 0);
  return record;
}

RecordFile to_record(const SupervisorRecord& supervisor) {
  RecordFile record("supervisor");
  record.add("name", supervisor.name);
  record.add("boot_id", supervisor.identity.boot_id);
  record.add("pid", supervisor.identity.pid);
  record.add("start_ticks", supervisor.identity.start_ticks);
  record.add("machine_id", supervisor.machine_id);
  record.add("cgroup", supervisor.cgroup);
  record.add("log_pipe", supervisor.log_pipe);
  return record;
}

RecordFile to_record(const StartedRecord& started) {
  RecordFile record("started");
  record.add("task_pid", started.task_pid);
  record.add("task_start_ticks", started.task_start_ticks);
  add_moment(record, started.at);
  record.add("tracking", to_text(started.tracking));
  record.add("memory_limit", to_text(started.memory));
  record.add("cpu_limit", to_text(started.cpu));
  return record;
}

RecordFile to_record(const ExitRecord& exit) {
  RecordFile record("exit");
  record.add("reason", to_text(exit.reason));
  if (exit.exit_code >= 0) record.add("exit_code", exit.exit_code);
  if (exit.signal > 0) record.add("signal", exit.signal);
  if (exit.error_number > 0) record.add("error_number", exit.error_number);
  if (!exit.message.empty()) record.add("message", exit.message);
  if (exit.out_of_memory) record.add("out_of_memory", 1);
  add_moment(record, exit.at);
  return record;
}

RecordFile to_record(const ReleasedRecord& released) {
  RecordFile record("released");
  record.add("by", released.by_engine ? "engine" : "supervisor");
  record.add("log_dropped_bytes", released.log_dropped_bytes);
  add_moment(record, released.at);
  return record;
}

RecordFile to_record(const StopRecord& stop) {
  RecordFile record("stop");
  record.add("grace_ms", stop.grace.value);
  return record;
}

Result<RunSpec> read_spec(int folder_fd) {
  auto record = read_record(folder_fd, "spec", "spec");
  if (!record.ok()) return record.error();
  Fields fields(record.value());
  RunSpec spec;
  spec.name = fields.text("name");
  spec.argv = record.value().all_of("argv");
  spec.environment = record.value().all_of("environment");
  spec.working_folder = fields.text("working_folder");
  spec.time_limit = Milliseconds(fields.number_or("time_limit_ms", 0));
  spec.grace = Milliseconds(fields.number_or("grace_ms", spec.grace.value));
  spec.log_cap = Bytes(fields.number_or("log_cap_bytes", spec.log_cap.value));
  spec.memory_limit = Bytes(fields.number_or("memory_limit_bytes", 0));
  spec.cpu_limit = MilliCpu(fields.number_or("cpu_limit_milli", 0));
  spec.use_cgroup = fields.number_or("use_cgroup", 1) != 0;
  auto read = fields.give(std::move(spec));
  if (read.ok()) DURU_TRY(check(read.value()));
  return read;
}

Result<SupervisorRecord> read_supervisor(int folder_fd) {
  auto record = read_record(folder_fd, "supervisor", "supervisor");
  if (!record.ok()) return record.error();
  Fields fields(record.value());
  SupervisorRecord supervisor;
  supervisor.name = fields.text("name");
  supervisor.identity.boot_id = fields.text("boot_id");
  supervisor.identity.pid = fields.number("pid");
  supervisor.identity.start_ticks = fields.number("start_ticks");
  supervisor.machine_id = fields.text_or("machine_id", "");
  supervisor.cgroup = fields.text_or("cgroup", "");
  supervisor.log_pipe = fields.number_or("log_pipe", 0);
  return fields.give(std::move(supervisor));
}

Result<StartedRecord> read_started(int folder_fd) {
  auto record = read_record(folder_fd, "started", "started");
  if (!record.ok()) return record.error();
  Fields fields(record.value());
  StartedRecord started;
  started.task_pid = fields.number("task_pid");
  started.task_start_ticks = fields.number("task_start_ticks");
  started.at = fields.moment();
  started.tracking = fields.one_of("tracking", kTrackings);
  started.memory = fields.one_of("memory_limit", kLimitStates);
  started.cpu = fields.one_of("cpu_limit", kLimitStates);
  return fields.give(std::move(started));
}

Result<ExitRecord> read_exit(int folder_fd) {
  auto record = read_record(folder_fd, "exit", "exit");
  if (!record.ok()) return record.error();
  Fields fields(record.value());
  ExitRecord exit;
  exit.reason = fields.one_of("reason", kExitReasons);
  exit.exit_code = static_cast<int>(fields.number_or("exit_code", -1));
  exit.signal = static_cast<int>(fields.number_or("signal", 0));
  exit.error_number = static_cast<int>(fields.number_or("error_number", 0));
  exit.message = fields.text_or("message", "");
  exit.out_of_memory = fields.number_or("out_of_memory", 0) != 0;
  exit.at = fields.moment();
  return fields.give(std::move(exit));
}

Result<ReleasedRecord> read_released(int folder_fd) {
  auto record = read_record(folder_fd, "released", "released");
  if (!record.ok()) return record.error();
  Fields fields(record.value());
  ReleasedRecord released;
  released.by_engine = fields.text("by") == "engine";
  released.log_dropped_bytes = fields.number_or("log_dropped_bytes", 0);
  released.at = fields.moment();
  return fields.give(std::move(released));
}

Result<StopRecord> read_stop(int folder_fd) {
  auto record = read_record(folder_fd, "stop", "stop");
  if (!record.ok()) return record.error();
  Fields fields(record.value());
  StopRecord stop;
  stop.grace = Milliseconds(fields.number("grace_ms"));
  return fields.give(stop);
}

}  // namespace duru::supervisor

// A scenario: a fleet, what people and faults do to it over time, and what must come of it.
// docs/scenarios.md describes the file; these records are its fields, one for one.
//
//   Result<Scenario> scenario = read_scenario("tests/scenario/retry.yaml", text);
//   if (!scenario.ok()) print(scenario.error().message);     // file:line: field: what is wrong
#pragma once

#include "duru/base/result.h"
#include "duru/domain/job.h"
#include "duru/scenario/field_part.h"

namespace duru {

struct ScenarioNode {
  MilliCpu cpu;
  Bytes memory;
  std::map<std::string, std::int32_t> accelerators;  // chip or alias -> how many, all emulated
};
DURU_DECLARE_RECORD(ScenarioNode)

// Of the simulated engine; nothing to a real one.
struct ScenarioDelays {
  std::optional<Milliseconds> start;
  std::optional<Milliseconds> empty;
  std::optional<Milliseconds> store;
};
DURU_DECLARE_RECORD(ScenarioDelays)

struct ScenarioExtend {
  std::string job;
  Milliseconds by;
};
DURU_DECLARE_RECORD(ScenarioExtend)

struct ScenarioDrain {
  std::string node;
  Milliseconds grace;
};
DURU_DECLARE_RECORD(ScenarioDrain)

struct ScenarioMark {
  std::string accelerator;
  bool healthy = false;
  std::string reason;
};
DURU_DECLARE_RECORD(ScenarioMark)

struct ScenarioReports {
  bool doubled = false;
  Milliseconds delay;
  std::int32_t drop_next = 0;
};
DURU_DECLARE_RECORD(ScenarioReports)

// One fault of the simulated engine.
struct ScenarioFault {
  std::string lose;          // a job: the supervisors of its runs are killed
  Milliseconds proof_after;  // with lose: until their trees are proven empty
  std::string lose_exit;     // a job: nobody will know how its runs ended
  std::string cut_off;       // a node
  std::string power_off;     // a node
  std::string bring_back;    // a node
  std::optional<ScenarioReports> reports;
  std::optional<bool> doubled_launches;
};
DURU_DECLARE_RECORD(ScenarioFault)

enum class RestartFrom { kJournal, kSnapshot };
DURU_DECLARE_ENUM(RestartFrom)

struct ScenarioRestart {
  RestartFrom from{};
  Milliseconds outage;
};
DURU_DECLARE_RECORD(ScenarioRestart)

// At one time, one thing.
struct ScenarioInput {
  Milliseconds at;
  std::optional<std::vector<JobSpec>> submit;
  std::optional<std::string> cancel;
  std::optional<ScenarioExtend> extend;
  std::optional<std::string> cordon;
  std::optional<std::string> uncordon;
  std::optional<ScenarioDrain> drain;
  std::optional<std::string> remove;
  std::optional<ScenarioMark> mark;
  std::optional<std::map<std::string, ScenarioNode>> join;  // nodes that join, or changed
  std::optional<std::string> end_all;                       // a reason
  std::optional<ScenarioFault> engine;
  std::optional<ScenarioRestart> restart;
  std::optional<std::map<std::string, ScenarioAgent>> enrol;  // nodes of the field that join
  std::optional<ScenarioApply> apply;
  std::optional<ScenarioSteer> steer;
  std::optional<std::string> revoke;  // a node of the field
  std::optional<ScenarioLink> link;
  std::optional<std::string> reboot;  // a node of the field
  std::optional<ScenarioProbe> probe;
  std::optional<ScenarioSlow> slow;
  std::optional<std::string> event;  // a node of the field, whose workload raises one
  std::optional<ScenarioSyncs> syncs;
};
DURU_DECLARE_RECORD(ScenarioInput)

// One step of a job; a field that is not given is not compared.
struct ExpectedStep {
  std::string state;
  std::optional<std::int32_t> attempt;
  std::optional<std::vector<std::string>> nodes;
  std::optional<std::vector<std::string>> accelerators;
  std::optional<std::int32_t> exit_code;
  std::optional<std::int32_t> signal;
  std::optional<bool> lost;
  std::optional<std::string> reason;  // of the end
  std::optional<Milliseconds> at;     // exact, in virtual time
  std::string after;                  // "JOB STATE": that came first
};
DURU_DECLARE_RECORD(ExpectedStep)

struct ExpectedReason {
  Milliseconds at;
  std::string job;
  std::string reason;
  std::map<std::string, std::int64_t> figures;  // those that are compared
  std::optional<Milliseconds> until;
};
DURU_DECLARE_RECORD(ExpectedReason)

struct ExpectedRejection {
  Milliseconds at;
  std::string type;
  std::optional<std::string> pointer;
};
DURU_DECLARE_RECORD(ExpectedRejection)

// From the beginning to the end of the run, in virtual time.
struct ExpectedUsage {
  std::optional<std::string> capacity;
  std::optional<std::string> used;
  std::optional<std::string> idle;
  std::optional<std::string> maintenance;
  std::optional<std::string> failed;
  std::map<std::string, std::string> jobs;  // accelerator-seconds of each
};
DURU_DECLARE_RECORD(ExpectedUsage)

struct ScenarioExpect {
  std::map<std::string, std::vector<ExpectedStep>> jobs;  // every step of each job
  std::vector<ExpectedReason> reasons;
  std::vector<ExpectedRejection> rejections;  // all of them, in order
  std::optional<ExpectedUsage> usage;
  std::vector<ExpectedRollout> rollouts;
  std::vector<ExpectedAgent> agents;
  std::map<std::string, std::int64_t> events;  // recorded of each node by the end
};
DURU_DECLARE_RECORD(ScenarioExpect)

struct Scenario {
  std::string about;                   // what it shows, one sentence
  bool real = false;                   // also against the local engine, by the wall clock
  std::optional<Milliseconds> within;  // how long that may take
  std::optional<Milliseconds> until;   // when it is over; not given: when every job has ended
  ScenarioDelays delays;
  std::map<std::string, ScenarioNode> fleet;  // by node
  std::vector<ScenarioInput> inputs;          // in the order of their times
  ScenarioExpect expect;
  std::optional<ScenarioField> field;
};
DURU_DECLARE_RECORD(Scenario)

// The errors, one a line, are in the Error's message.
Result<Scenario> read_scenario(const std::string& file, const std::string& text);

}  // namespace duru

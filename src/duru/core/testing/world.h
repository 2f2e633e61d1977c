// World: random inputs for a core, chosen with an eye on its state so that most of them do
// something: jobs of every shape, reports of every kind (also doubled, late, malformed), node
// verbs, starts of the server, time.
//
//   World world(seed);
//   rig.apply(world.first());
//   for (…) { rig.advance(world.step()); rig.apply(world.next(rig.state(), rig.now())); }
#pragma once

#include "duru/core/state/state.h"
#include "duru/core/testing/chance.h"
#include "duru/core/testing/fleets.h"

namespace duru::testing {

class World {
 public:
  explicit World(std::uint64_t seed) : chance_(seed) {}

  Message first();      // the fleet
  Milliseconds step();  // to the next input: mostly short, at times hours
  Message next(const State& state, Timestamp now);

 private:
  Message submission(const State& state);
  JobSpec spec(const State& state);
  void shape(JobSpec& spec);
  Message report(const State& state, Timestamp now);
  TaskEnd end(const JobSpec& spec, Timestamp now);
  Message node_verb(const State& state);
  Message job_verb(const State& state);
  Message service_verb(const State& state);
  Message start(Timestamp now);
  Message fleet();
  NodeName node_name();
  JobId any_job(const State& state);
  Timestamp about(Timestamp now);

  Chance chance_;
  std::int64_t ids_drawn_ = 0;
  std::vector<TaskObserved> said_;  // reports that may come again
};

}  // namespace duru::testing

// Module `edge`: fleets of nodes that dial out, releases, and rollouts of a release to a fleet in
// waves. Pure and deterministic like the core, which it speaks to by commands inside the same
// commit: what a node runs is a service of the core (domain/service.h).
//
//   EdgeModule edge;
//   Loop loop({&core, &edge}, journal, outbox);
//   loop.submit({ApplyField{{fleet}, {release}, {rollout}}, …}, now);
//   loop.submit({ReportField{NodeName("cam-01"), …, FieldPhase::kServing, "smoke-2"}, …}, now);
//   edge.state().rollouts.at(RolloutName("smoke-2-to-all")).outcome
//
// Guarantees.
//
// Rollouts
//   - Who is in which wave is decided once, when the rollout is applied: by the order label, then
//   by
//     name. A share is rounded down and takes at least one node; the last wave takes all that are
//     left; a fleet without nodes completes at once. A fleet has one unfinished rollout at a time,
//     and all of its nodes must have a chip that the release was built for.
//   - A node gets the release when its wave begins and not before, except by a rollout of another
//     time. One that has it already, from a rollout that was stopped, say, gets it as a new
//     revision, so that every rollout tries it anew. It is `proven` when it serves the release for
//     the revision that it was given, `failed` when it returned by itself, serves nothing, or
//     flaps. Nothing else counts; a revoked node leaves its wave.
//   - One that is lost proves nothing until it is heard again (silence.h): a bake that then lacks
//     what it needs is over, and begins anew when enough serve again. Silence is a failure only
//     where the rollout says after how long, and of a node that has taken up the release.
//   - A wave that has as many proven as it needs bakes; when it falls below, the bake time begins
//     anew with the next success. Baked, the next wave begins, or the rollout is completed: the
//     release is the fleet's current one.
//   - More failures in any wave that began than it may have: the rollout has ended as returned, and
//     every node that got the release from it is given what it was known to serve before, else the
//     fleet's current release, else nothing. With pause_on_failure it pauses instead. A person who
//     resumes it accepts the failures so far: they stay failed, and are not needed for success.
//   - A wave of which no node is left, because they were revoked, proves nothing and pauses the
//     rollout; who resumes it goes on without.
//   - A wave without success in its time, or none again after it lost it, pauses the rollout. A
//     paused one begins no wave and ends no bake; failures still return it. Every pause and end
//     says why, with figures.
//   - What many nodes are to get, they get 2,000 at a time, a millisecond apart, so that every
//   commit
//     fits into the journal; no bake ends before all of them have it.
//   - An outage of ours ends no bake, no wave's time and no silence: after it at least five
//     heartbeats are left of each (of a bake or a wave's time that is shorter, the whole of it), so
//     that every node can be heard or missed before. Of a heartbeat that was made shorter lately
//     the longer one counts, because nodes may not know yet.
//   - The return of a node by itself is inside its revision {current, previous} and decides nothing
//     but these counts. `previous` is the release that the node was last seen to serve.
// Nodes
//   - A node belongs to the first fleet by name that selects its labels, and stays there.
//   - One that joins gets its fleet's current release at once, without a previous one. When a
//     rollout completes, nodes of the fleet that joined since it began get the release too. A node
//     that has nothing gets the current release with its next report. A node that is still fetching
//     keeps its revision, however old.
//   - Enrolling again with the same code and credential changes nothing.
//   - A report about another revision than the one given says nothing of phase; counters and events
//     are taken all the same. A doubled or late one changes nothing.
//   - Counters never go backwards. They become a fact with each fact of phase, when the node runs
//     nothing (a goodbye: there may be no later report), and else once in report_every. A detail
//     alone becomes a fact once in report_every too, the first of a phase at once.
//   - A node that flaps (domain/field.h) has failed until it says the same for kSteadyFor. What a
//     node says of one revision so makes at most 22 facts of its phase an hour, whatever it says:
//     kFlapsMax, then one at its release and one at the next flip, at most every kSteadyFor. With
//     counters and detail that is 44 an hour and 5 more in each report_every, besides its events,
//     and a fact each time it is lost (at most once in four heartbeats) and back.
//   - Events become facts in the order of their numbers, each once. Numbers are left out only where
//     the event after them says that so many were dropped, and count as dropped then; otherwise
//     those after the gap wait.
//   - A revoked node's service ends; its name is free again when it is removed, which the core does
//     in the same commit; what it counted stays with its fleet.
//
// Cost: O(log nodes + waves) a report; O(wave · log nodes) when one begins; O(fleet · log nodes)
// when a rollout is applied or ends; O(nodes without a fleet) for a new fleet; O(nodes) to remove a
// release. Nothing else walks
// the nodes, so that 100,000 of them cost what changes.
#pragma once

#include <memory>
#include <vector>

#include "duru/edge/state.h"
#include "duru/loop/module.h"

namespace duru {

class EdgeModule : public Module {
 public:
  std::string_view name() const override { return "edge"; }
  // Rejections: "invalid", "immutable", "not-found", "name-taken", "rollout-in-flight",
  // "unsuitable-chip", "release-in-use", "already-ended", "enrolment-invalid",
  // "enrolment-expired", "revoked", and those that the core gives to what is handed over.
  Outcome decide(const Message& input, Decision& decision) override;
  void evolve(const Message& fact, const FactContext& context) override;
  std::optional<Timestamp> next_deadline(Timestamp now) const override;
  std::string snapshot() const override;
  Status restore(std::string_view bytes) override;

  const EdgeState& state() const { return state_; }

 private:
  EdgeState state_;
};

// The modules beside the core of every installation, for what replays a journal (loop/recovery.h).
std::vector<std::unique_ptr<Module>> modules_beside_core();

}  // namespace duru

// Rollouts: who is in which wave, when the next begins, when all of it goes back (edge_module.h
// says by which rules).
#pragma once

#include "duru/edge/tx.h"

namespace duru {

// Defines a rollout that was checked (check.h) and begins its first wave.
void begin_rollout(EdgeTx& tx, const Rollout& rollout);

// Does what the counts and the clock say: until nothing more follows, so that a second call at the
// same time does nothing. Nothing for one that has ended. O(waves) where nothing follows.
void advance(EdgeTx& tx, const RolloutName& rollout);

// Rejections: "not-found", "already-ended".
Outcome decide_steer(EdgeTx& tx, const SteerRollout& command);

// One thing that is due, so that a commit stays small: nodes that wait for their revision, else a
// bake or a time limit. What is left is due a millisecond later.
void decide_tick(EdgeTx& tx);

// O(unfinished rollouts · waves).
std::optional<Timestamp> next_deadline(const EdgeState& state, Timestamp now);

}  // namespace duru

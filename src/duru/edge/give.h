// What a node is to run: told to the core and to the node's record together.
#pragma once

#include "duru/edge/tx.h"

namespace duru {

// The node's next revision. `previous` may be empty. The core's rejection, empty when it took it;
// then nothing changed.
Rejection give(EdgeTx& tx, const NodeName& node, const ReleaseName& current,
               const ReleaseName& previous);
// How many nodes one decision gives something to: with what the core says of each that is 3 MiB,
// far below what a journal entry holds. The next tick goes on.
constexpr std::size_t kNodesPerDecision = 2000;

// It runs nothing from now on.
void take_away(EdgeTx& tx, const NodeName& node);
// A node that has nothing gets its fleet's current release, if there is one that suits it. Where
// the core refuses, the node's next report tries again.
void catch_up(EdgeTx& tx, const NodeName& node);
// Gives the first of those that are due what they are to have (FieldDue). Where the core refuses, a
// node has nothing.
void give_due(EdgeTx& tx);

}  // namespace duru

// Who may ask what: people with the token everything, nodes of the field what lies under /v1/field/
// with the credential that they drew, anybody whether the server is well. Enrolment has its code.
// Nodes are many: they never take the connections that HttpLimits reserves for the others, and keep
// theirs in places of their own.
#pragma once

#include "duru/http/server.h"
#include "duru/server/api/api.h"

namespace duru {

// request.caller becomes the principal, a std::string: "operator", or "node/NAME" (node_of_caller).
http::Gate make_gate(const ApiContext& context);

// The node that asks; only for routes under /v1/field/ behind the gate.
NodeName node_of_caller(const http::Request& request);

http::Response unauthorized_response(std::string type, std::string detail, std::string help);

}  // namespace duru

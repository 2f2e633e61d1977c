// How the API says no, and what lists look like on the wire. One place, so that every route speaks
// alike.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "duru/base/json.h"
#include "duru/domain/rejection.h"
#include "duru/http/problem.h"
#include "duru/http/response.h"

namespace duru {

// 404 for what the path names and is not there; 409 for what is right in itself and refused by how
// jobs, nodes or the fleet are now; 422 for what is wrong in itself, or names what is not there;
// 401 for what a revoked node asks, 403 for a code that opens nothing.
int status_of(const Rejection& rejection);
http::Response rejection_response(const Rejection& rejection);

// 400 with a pointer for each.
http::Response bad_body_response(const std::vector<JsonProblem>& problems);
// 400 for a query parameter or a header.
http::Response bad_request_response(std::string detail, std::string help);
http::Response not_found_response(std::string detail, std::string help);
// 503, 507 or 500: the environment failed.
http::Response error_response(const Error& error);

// {"items":[…],"as_of":"…","continue":"…"|null}
std::string list_json(const std::vector<std::string>& items, const std::string& as_of,
                      const std::optional<std::string>& continue_at);

}  // namespace duru

#include "duru/cli/api_client.h"

#include <gtest/gtest.h>

#include "duru/cli/exit_code.h"

namespace duru::cli {
namespace {

int code(int status, const std::string& type) {
  Problem problem;
  problem.status = status;
  problem.type = type;
  return exit_code_of(error_of(problem));
}

TEST(ApiClient, a_request_that_is_wrong_in_itself_is_a_usage_error) {
  EXPECT_EQ(code(400, "malformed-body"), kExitUsage);
  EXPECT_EQ(code(400, "malformed-request"), kExitUsage);
  EXPECT_EQ(code(422, "invalid"), kExitUsage);
  EXPECT_EQ(code(422, "unknown-chip"), kExitUsage);
}

TEST(ApiClient, what_the_fleet_or_a_job_stands_against_is_a_refusal) {
  EXPECT_EQ(code(422, "infeasible"), kExitRefused);
  EXPECT_EQ(code(409, "name-taken"), kExitRefused);
  EXPECT_EQ(code(401, "unauthorized"), kExitRefused);
  EXPECT_EQ(code(404, "not-found"), kExitNotFound);
  EXPECT_EQ(code(503, "unavailable"), kExitUnreachable);
}

}  // namespace
}  // namespace duru::cli

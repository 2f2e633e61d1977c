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

TEST(ApiClient, a_field_whose_fault_is_told_already_is_not_told_twice) {
  Problem problem;
  problem.status = 400;
  problem.detail = "/valid_for: expected duration";
  problem.fields = {{"/valid_for", "expected duration"}};
  EXPECT_EQ(error_of(problem).message, "/valid_for: expected duration");
  problem.fields.push_back({"/labels", "expected object"});
  EXPECT_EQ(error_of(problem).message, "/valid_for: expected duration\n  /labels: expected object");
}

}  // namespace
}  // namespace duru::cli

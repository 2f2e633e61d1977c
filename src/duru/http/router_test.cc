#include "duru/http/router.h"

#include <gtest/gtest.h>

namespace duru::http {
namespace {

Router jobs_router() {
  Router router;
  const Handler nothing = [](const std::shared_ptr<Request>&, Responder) {};
  router.add("GET", "/v1/projects/{project}/jobs", nothing);
  router.add("POST", "/v1/projects/{project}/jobs", nothing);
  router.add("GET", "/v1/projects/{project}/jobs/{id}", nothing);
  router.add("DELETE", "/v1/projects/{name}/jobs/{id}", nothing);
  router.add("GET", "/v1/projects/all/jobs", nothing);
  router.add("POST", "/v1/projects/all/nodes", nothing);
  router.add("GET", "/", nothing);
  return router;
}

TEST(RouterTest, CapturesParametersByTheNamesOfTheRoute) {
  const Router router = jobs_router();
  const auto match = router.find("DELETE", {"v1", "projects", "p", "jobs", "j"});
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.route->pattern, "/v1/projects/{name}/jobs/{id}");
  EXPECT_EQ(match.parameters,
            (std::vector<std::pair<std::string, std::string>>{{"name", "p"}, {"id", "j"}}));
}

TEST(RouterTest, ALiteralWinsOverAParameterAndFallsBackToIt) {
  const Router router = jobs_router();
  EXPECT_EQ(router.find("GET", {"v1", "projects", "all", "jobs"}).route->pattern,
            "/v1/projects/all/jobs");
  EXPECT_EQ(router.find("POST", {"v1", "projects", "all", "jobs"}).route->pattern,
            "/v1/projects/{project}/jobs");
  EXPECT_EQ(router.find("GET", {"v1", "projects", "all", "jobs", "7"}).parameters.front().second,
            "all");
}

TEST(RouterTest, TellsAnUnknownPathFromAnUnknownMethod) {
  const Router router = jobs_router();
  const auto unknown = router.find("GET", {"v1", "nodes"});
  EXPECT_EQ(unknown.route, nullptr);
  EXPECT_EQ(unknown.allow, "");
  const auto other = router.find("PUT", {"v1", "projects", "p", "jobs"});
  EXPECT_EQ(other.route, nullptr);
  EXPECT_EQ(other.allow, "GET, HEAD, POST");
}

TEST(RouterTest, HeadIsAnsweredByGet) {
  const Router router = jobs_router();
  EXPECT_NE(router.find("HEAD", {""}).route, nullptr);
  EXPECT_EQ(router.find("HEAD", {"v1", "projects", "all", "nodes"}).route, nullptr);
}

TEST(RouterTest, AParameterIsNeverEmptyAndAPathNeverLonger) {
  const Router router = jobs_router();
  EXPECT_EQ(router.find("GET", {"v1", "projects", "", "jobs"}).route, nullptr);
  EXPECT_EQ(router.find("GET", {"v1", "projects", "p", "jobs", ""}).route, nullptr);
  EXPECT_EQ(router.find("GET", {"v1", "projects", "p", "jobs", "1", "x"}).route, nullptr);
}

TEST(RouterDeathTest, ARouteAddedTwiceIsOurMistake) {
  Router router = jobs_router();
  const Handler nothing = [](const std::shared_ptr<Request>&, Responder) {};
  EXPECT_DEATH(router.add("GET", "/v1/projects/{other}/jobs", nothing), "");
  EXPECT_DEATH(router.add("GET", "v1", nothing), "");
  EXPECT_DEATH(router.add("GET", "/a{b}", nothing), "");
}

}  // namespace
}  // namespace duru::http

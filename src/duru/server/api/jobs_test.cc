#include <gtest/gtest.h>

#include <algorithm>

#include "duru/server/api/test_server.h"

namespace duru {
namespace {

const std::string kJobs = "/v1/projects/default/jobs";

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Jobs, OnePostedJobIsAnsweredAsAnObjectAndCanBeReadAtOnce) {
  TestServer server;
  const auto posted = server.post(kJobs, R"({"name":"a","track":"gpu","command":["true"]})");
  ASSERT_EQ(posted.status, 201);
  EXPECT_EQ(TestServer::field(posted.body, "state"), "starting");
  EXPECT_TRUE(has(posted.body, R"("emulated":true)"));
  const std::string id = TestServer::field(posted.body, "id");
  for (const std::string& ref : {id, std::string("a")}) {
    const auto read = server.get(kJobs + "/" + ref);
    EXPECT_EQ(read.status, 200);
    EXPECT_EQ(TestServer::field(read.body, "id"), id);
    EXPECT_TRUE(has(read.body, R"("principal":"operator")"));
  }
  EXPECT_EQ(server.get(kJobs + "/nobody").status, 404);
  EXPECT_EQ(server.get("/v1/projects/other/jobs/" + id).status, 404);
}

TEST(Jobs, AListOfJobsIsAcceptedAllOrNone) {
  TestServer server;
  const auto posted = server.post(kJobs, R"({"items":[{"name":"a","command":["true"],"after":["b"]},
                          {"name":"b","command":["true"]}]})");
  ASSERT_EQ(posted.status, 201) << posted.body;
  EXPECT_EQ(count(posted.body, "\"id\""), 2U);
  EXPECT_LT(posted.body.find(R"("name":"a")"), posted.body.find(R"("name":"b")"));
  EXPECT_TRUE(has(posted.body, R"("reason":"dependency")"));
  const auto refused = server.post(
      kJobs, R"({"items":[{"name":"c","command":["true"]},{"name":"d","command":[]}]})");
  EXPECT_EQ(refused.status, 422);
  EXPECT_TRUE(has(refused.body, R"("pointer":"/items/1/command")")) << refused.body;
  EXPECT_EQ(server.get(kJobs + "/c").status, 404);
}

TEST(Jobs, AMistakeIsToldWithItsPlace) {
  TestServer server;
  struct Case {
    const char* body;
    int status;
    const char* says;
  };
  const Case cases[] = {
      {"{", 400, R"("type":"malformed-body")"},
      {R"([])", 400, R"("pointer":"")"},
      {R"({"comand":["true"]})", 400, R"("pointer":"/comand")"},
      {R"({"command":"true"})", 400, R"("pointer":"/command")"},
      {R"({"command":["true"],"tasks":0})", 422, R"("pointer":"/tasks")"},
      {R"({"command":["true"],"name":"a b"})", 422, R"("pointer":"/name")"},
      {R"({"command":["true"],"variants":[{"chip":"b200"}]})", 422, R"("type":"unknown-chip")"},
      {R"({"command":["true"],"track":"gpu","amount":"4"})", 409, R"("type":"infeasible")"},
      {R"({"command":["true"],"after":["nobody"]})", 422, R"("pointer":"/after/0")"},
      {R"({"items":[{"command":1}]})", 400, R"("pointer":"/items/0/command")"},
      {R"({"items":[]})", 422, R"("type":"invalid")"},
      {R"({"command":["true"],"inputs":{"m":"sha256:00"}})", 422, R"("pointer":"/inputs/m")"},
  };
  for (const Case& c : cases) {
    const auto answer = server.post(kJobs, c.body);
    EXPECT_EQ(answer.status, c.status) << c.body << answer.body;
    EXPECT_TRUE(has(answer.body, c.says)) << c.body << answer.body;
    EXPECT_EQ(answer.headers.get("Content-Type"), "application/problem+json");
  }
  EXPECT_EQ(server.post(kJobs, std::string(40, '[')).status, 400);
  EXPECT_EQ(server.post("/v1/projects/a%20b/jobs", R"({"command":["true"]})").status, 404);
}

TEST(Jobs, AnUploadedFileMustBeThereAndBringsItsSize) {
  TestServer server;
  const auto upload = server.post("/v1/projects/default/artifacts", "print(1)\n");
  ASSERT_EQ(upload.status, 201) << upload.body;
  EXPECT_TRUE(has(upload.body, R"("size_bytes":9)"));
  const std::string digest = TestServer::field(upload.body, "digest");
  const auto file = [](const std::string& d) {
    return R"({"command":["true"],"files":[{"path":"a.py","digest":")" + d + R"("}]})";
  };
  const auto posted = server.post(kJobs, file(digest));
  ASSERT_EQ(posted.status, 201) << posted.body;
  const std::string id = TestServer::field(posted.body, "id");
  EXPECT_TRUE(has(server.get(kJobs + "/" + id).body, R"("size":9)"));
  const auto missing = server.post(kJobs, file(std::string(64, '0').replace(63, 1, "1")));
  EXPECT_EQ(missing.status, 422);
  EXPECT_TRUE(has(missing.body, R"("pointer":"/files/0/digest")")) << missing.body;
  EXPECT_EQ(server.get("/v1/projects/default/artifacts/" + digest).body, "print(1)\n");
  EXPECT_EQ(server.get("/v1/projects/default/artifacts/" + std::string(64, '2')).status, 404);
  EXPECT_EQ(server.get("/v1/projects/default/artifacts/..%2Ftoken").status, 404);
  EXPECT_TRUE(std::filesystem::is_empty(server.dir() + "/incoming"));
}

TEST(Jobs, ThePastIsListedDescribedAndDependedOnLikeThePresent) {
  TestServer server;
  const Artifact model = server.store().put_bytes("model").value();
  const auto posted = server.post(
      kJobs, R"({"name":"train","track":"gpu","command":["true"],"outputs":["m.onnx"]})");
  const std::string train = TestServer::field(posted.body, "id");
  const std::string run = server.run_of(train);
  server.engine().start_run(run);
  server.engine().exit_run(run, 0, {{"m.onnx", {model.digest, model.size}}});
  ASSERT_TRUE(eventually([&] { return server.state_of(train) == "succeeded"; }));
  const std::string detail = server.get(kJobs + "/train").body;
  const std::string list = server.get(kJobs).body;
  const std::string items = list.substr(0, list.find("\"as_of\""));

  server.retire(train);
  EXPECT_EQ(server.get(kJobs + "/train").body, detail);
  EXPECT_EQ(server.get(kJobs + "/" + train).body, detail);
  EXPECT_EQ(server.get(kJobs).body.rfind(items, 0), 0U);
  const auto next =
      server.post(kJobs, R"({"name":"infer","command":["true"],"inputs":{"m":"train/m.onnx"}})");
  ASSERT_EQ(next.status, 201) << next.body;
  EXPECT_EQ(server.post(kJobs, R"({"command":["true"],"after":["train"]})").status, 201);
  const auto wrong = server.post(kJobs, R"({"command":["true"],"inputs":{"m":"train/other"}})");
  EXPECT_EQ(wrong.status, 422);
  EXPECT_TRUE(has(wrong.body, R"("pointer":"/inputs/m")")) << wrong.body;
  const auto cancel = server.post(kJobs + "/train/cancel");
  EXPECT_EQ(cancel.status, 409);
  EXPECT_TRUE(has(cancel.body, "already-ended"));
}

TEST(Jobs, APastJobThatFailedIsNothingToDependOn) {
  TestServer server;
  const std::string id = server.submit("train");
  const std::string run = server.run_of(id);
  server.engine().start_run(run);
  server.engine().exit_run(run, 3);
  ASSERT_TRUE(eventually([&] { return server.state_of(id) == "failed"; }));
  for (int i = 0; i < 2; ++i) {
    const auto answer = server.post(kJobs, R"({"command":["true"],"after":["train"]})");
    EXPECT_EQ(answer.status, 409);
    EXPECT_TRUE(has(answer.body, "dependency-failed")) << answer.body;
    if (i == 0) server.retire(id);
  }
}

TEST(Jobs, ListsArePagedNewestFirstAndFilteredByState) {
  TestServer server;
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(server.submit("job-" + std::to_string(i)));
  std::sort(ids.rbegin(), ids.rend());
  std::vector<std::string> seen;
  std::string at;
  do {
    const auto page = server.get(kJobs + "?limit=2" + (at.empty() ? "" : "&continue=" + at));
    ASSERT_EQ(page.status, 200);
    EXPECT_LE(count(page.body, "\"id\":"), 2U);
    for (const std::string& id : ids) {
      if (has(page.body, "\"id\":\"" + id)) seen.push_back(id);
    }
    at = TestServer::field(page.body, "continue");
  } while (!at.empty());
  EXPECT_EQ(seen, ids);
  EXPECT_EQ(count(server.get(kJobs + "?state=queued").body, "\"id\":"), 3U);
  EXPECT_EQ(count(server.get(kJobs + "?state=queued,starting").body, "\"id\":"), 5U);
  EXPECT_EQ(count(server.get("/v1/projects/other/jobs").body, "\"id\":"), 0U);
  for (const char* bad :
       {"?limit=0", "?limit=5001", "?limit=x", "?state=done", "?stat=queued", "?continue=x"}) {
    EXPECT_EQ(server.get(kJobs + bad).status, 400) << bad;
  }
}

TEST(Jobs, AWaitingJobSaysWhyWithFigures) {
  TestServer server;
  for (int i = 0; i < 2; ++i) server.submit("job-" + std::to_string(i));
  const auto posted = server.post(kJobs, R"({"track":"gpu","command":["true"]})");
  EXPECT_EQ(TestServer::field(posted.body, "state"), "queued");
  EXPECT_EQ(TestServer::field(posted.body, "reason"), "no_capacity");
  EXPECT_TRUE(has(posted.body, R"("accelerators_free":0)")) << posted.body;
}

TEST(Jobs, CancelAndExtendAnswerWithTheJob) {
  TestServer server;
  const auto session = server.post(kJobs, R"({"name":"s","kind":"session","track":"npu"})");
  ASSERT_EQ(session.status, 201) << session.body;
  const std::string run = server.run_of(TestServer::field(session.body, "id"));
  server.engine().start_run(run);
  ASSERT_TRUE(eventually([&] { return server.state_of("s") == "running"; }));
  const auto extended = server.post(kJobs + "/s/extend", R"({"by":"1h"})");
  EXPECT_EQ(extended.status, 200);
  EXPECT_FALSE(TestServer::field(extended.body, "lease_ends_at").empty());
  EXPECT_EQ(server.post(kJobs + "/s/extend", R"({"by":"1 hour"})").status, 400);
  EXPECT_EQ(server.post(kJobs + "/s/extend", R"({"by":"-1h"})").status, 400);
  const auto without = server.post(kJobs + "/s/extend", "{}");
  EXPECT_EQ(without.status, 400);
  EXPECT_TRUE(has(without.body, R"("pointer":"/by")")) << without.body;
  EXPECT_EQ(server.post(kJobs + "/s/cancel", R"({"why":1})").status, 400);
  const auto cancelled = server.post(kJobs + "/s/cancel", "");
  EXPECT_EQ(cancelled.status, 200);
  EXPECT_EQ(TestServer::field(cancelled.body, "state"), "ending");
  ASSERT_TRUE(eventually([&] { return server.state_of("s") == "cancelled"; }));
  EXPECT_EQ(server.post(kJobs + "/s/cancel").status, 409);
  EXPECT_EQ(server.post(kJobs + "/nobody/cancel").status, 404);
  const std::string batch = server.submit("batch");
  const auto not_a_session = server.post(kJobs + "/batch/extend", R"({"by":"1h"})");
  EXPECT_EQ(not_a_session.status, 409);
  EXPECT_TRUE(has(not_a_session.body, "not-a-session"));
  const auto all = server.post("/v1/end_all", R"({"reason":"the day is over"})");
  EXPECT_EQ(all.status, 200);
  EXPECT_EQ(all.body, R"({"items":[")" + batch + R"("]})");
}

TEST(Jobs, AKeyAnswersItsFirstAnswerAgainAlsoAfterARestart) {
  TestServer server;
  const std::string body = R"({"name":"once","track":"gpu","command":["true"]})";
  const auto first = server.post(kJobs, body, {{"Idempotency-Key", "k-1"}});
  ASSERT_EQ(first.status, 201);
  for (int i = 0; i < 2; ++i) {
    const auto again = server.post(kJobs, body, {{"Idempotency-Key", "k-1"}});
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.headers.get("Idempotent-Replayed"), "true");
    const auto other = server.post(kJobs, R"({"command":["false"]})", {{"Idempotency-Key", "k-1"}});
    EXPECT_EQ(other.status, 422);
    EXPECT_TRUE(has(other.body, "idempotency-key-reused"));
    if (i == 0) server.restart();
  }
  EXPECT_EQ(server.post(kJobs + "/once/cancel", "", {{"Idempotency-Key", "k-1"}}).status, 422);
  EXPECT_EQ(server.post(kJobs, body, {{"Idempotency-Key", "a b"}}).status, 400);
  EXPECT_EQ(server.post(kJobs, body, {{"Idempotency-Key", std::string(256, 'k')}}).status, 400);
}

TEST(Jobs, AKeyIsAnsweredAgainAlsoWhenWhatItNamedHasGone) {
  TestServer server;
  const Artifact file = server.store().put_bytes("print(1)").value();
  const std::string body =
      R"({"command":["true"],"files":[{"path":"a","digest":")" + file.digest.hex() + R"("}]})";
  const auto first = server.post(kJobs, body, {{"Idempotency-Key", "k"}});
  ASSERT_EQ(first.status, 201);
  ASSERT_TRUE(server.store().remove(file.digest).ok());
  EXPECT_EQ(server.post(kJobs, body, {{"Idempotency-Key", "k"}}).body, first.body);
  EXPECT_EQ(server.post(kJobs, body, {{"Idempotency-Key", "new"}}).status, 422);
}

TEST(Jobs, AKeyOfAVerbIsAnsweredAgainAlsoWhenTheJobIsHistory) {
  TestServer server;
  const std::string id = server.submit("a");
  const std::string cancel = kJobs + "/" + id + "/cancel";
  const auto first = server.post(cancel, "", {{"Idempotency-Key", "k"}});
  ASSERT_EQ(first.status, 200);
  ASSERT_TRUE(
      eventually([&] { return has(server.get(kJobs + "/" + id).body, R"("state":"cancelled")"); }));
  server.retire(id);
  const auto again = server.post(cancel, "", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(server.post(cancel, "", {{"Idempotency-Key", "new"}}).status, 409);
}

TEST(Jobs, AttemptsAreListedWithTheirTasks) {
  TestServer server;
  const std::string id = server.submit("a");
  const std::string run = server.run_of(id);
  const auto list = server.get("/v1/projects/default/attempts");
  EXPECT_TRUE(has(list.body, "\"name\":\"" + run + "\"")) << list.body;
  EXPECT_TRUE(has(list.body, R"("outcome":"running")"));
  EXPECT_TRUE(has(list.body, R"("accelerators":["n1/0"])"));
  EXPECT_EQ(server.get("/v1/projects/default/attempts?state=queued").status, 400);
}

}  // namespace
}  // namespace duru

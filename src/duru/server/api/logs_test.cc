#include <gtest/gtest.h>

#include "duru/server/api/test_server.h"

namespace duru {
namespace {

const std::string kJobs = "/v1/projects/default/jobs/";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Follows a log in a thread of its own.
class Follower {
 public:
  Follower(TestServer& server, const std::string& target)
      : thread_([this, target, address = server.address()] {
          http::HttpClient client(address, {.headers = {{"Authorization", "Bearer secret"}}});
          http::ClientRequest request;
          request.target = target;
          const auto answer = client.follow(request, [this](std::string_view bytes) {
            const std::lock_guard lock(mutex_);
            text_ += bytes;
            return true;
          });
          ended_well_ = answer.ok() && answer.value().status == 200;
        }) {}
  ~Follower() {
    if (thread_.joinable()) thread_.join();
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  bool ends_well() {
    thread_.join();
    return ended_well_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
  bool ended_well_ = false;
  std::thread thread_;
};

TEST(Logs, AreReadAsTheyAreAndFollowedToTheEnd) {
  TestServer server;
  const std::string id = server.submit("a");
  const std::string run = server.run_of(id);
  server.engine().start_run(run);
  server.engine().write_log(run, "one\n");
  const auto read = server.get(kJobs + "a/logs");
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(read.body, "one\n");
  EXPECT_EQ(read.headers.get("Content-Type"), "text/plain; charset=utf-8");
  Follower follower(server, kJobs + "a/logs?follow=true");
  EXPECT_TRUE(eventually([&] { return follower.text() == "one\n"; }));
  server.engine().write_log(run, std::string(300'000, 'x') + "\n");
  EXPECT_TRUE(eventually([&] { return follower.text().size() == 300'005; }));
  server.engine().write_log(run, "last");
  server.engine().exit_run(run, 0);
  EXPECT_TRUE(follower.ends_well());
  EXPECT_EQ(follower.text().size(), 300'009U);
  ASSERT_TRUE(eventually([&] { return server.state_of(id) == "succeeded"; }));
  server.retire(id);
  EXPECT_EQ(server.get(kJobs + "a/logs?attempt=1&task=0").body.size(), 300'009U);
}

TEST(Logs, FollowingWaitsForTheFirstAttempt) {
  TestServer server;
  std::vector<std::string> ahead = {server.submit("a"), server.submit("b")};
  const std::string waiting = server.submit("c");
  const auto refused = server.get(kJobs + "c/logs");
  EXPECT_EQ(refused.status, 404);
  EXPECT_TRUE(has(refused.body, "has not started")) << refused.body;
  Follower follower(server, kJobs + "c/logs?follow=true");
  const std::string first = server.run_of(ahead[0]);
  server.engine().start_run(first);
  server.engine().exit_run(first, 0);
  const std::string run = server.run_of(waiting);
  server.engine().write_log(run, "at last");
  server.engine().start_run(run);
  server.engine().exit_run(run, 0);
  EXPECT_TRUE(follower.ends_well());
  EXPECT_EQ(follower.text(), "at last");
}

TEST(Logs, FollowingAJobThatNeverStartsEnds) {
  TestServer server;
  for (const char* name : {"a", "b", "c"}) server.submit(name);
  Follower follower(server, kJobs + "c/logs?follow=true");
  EXPECT_EQ(server.post(kJobs + "c/cancel").status, 200);
  // Whether it came before the cancel or after, it is told that there is none.
  follower.ends_well();
  EXPECT_EQ(follower.text().find("log of"), std::string::npos);
}

TEST(Logs, WhatIsNotThereIsSaid) {
  TestServer server;
  const std::string id = server.submit("a");
  const std::string run = server.run_of(id);
  for (const char* none : {"a/logs?attempt=2", "a/logs?task=1", "nobody/logs"}) {
    EXPECT_EQ(server.get(kJobs + none).status, 404) << none;
  }
  for (const char* bad : {"a/logs?task=x", "a/logs?task=-1", "a/logs?follow=1", "a/logs?f=true"}) {
    EXPECT_EQ(server.get(kJobs + bad).status, 400) << bad;
  }
  server.engine().lose_log(run);
  EXPECT_EQ(server.get(kJobs + "a/logs").status, 200);  // it runs and may yet write
  server.engine().start_run(run);
  server.engine().exit_run(run, 0);
  ASSERT_TRUE(eventually([&] { return server.state_of(id) == "succeeded"; }));
  const auto gone = server.get(kJobs + "a/logs?follow=true");
  EXPECT_EQ(gone.status, 404);
  EXPECT_TRUE(has(gone.body, "no longer kept"));
}

}  // namespace
}  // namespace duru

#include "duru/cli/job_view.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace duru::cli {
namespace {

JobView view(const std::string& json) { return view_of(boost::json::parse(json)); }

TEST(JobView, tells_how_a_job_ended) {
  EXPECT_EQ(view(R"({"state":"failed","reason":"exit_code","exit_code":3,"signal":null})").ending(),
            "failed: exit code 3");
  EXPECT_EQ(view(R"({"state":"failed","reason":"signal","signal":9})").ending(),
            "failed: signal 9");
  EXPECT_EQ(view(R"({"state":"failed","lost":true})").ending(), "failed: lost");
  EXPECT_EQ(view(R"({"state":"cancelled","reason":"dependency","message":"a failed"})").ending(),
            "cancelled: dependency: a failed");
}

TEST(JobView, exits_as_a_shell_would) {
  EXPECT_EQ(view(R"({"state":"succeeded","exit_code":0})").command_exit_code(), 0);
  EXPECT_EQ(view(R"({"state":"failed","exit_code":3})").command_exit_code(), 3);
  EXPECT_EQ(view(R"({"state":"failed","signal":9})").command_exit_code(), 137);
  EXPECT_EQ(view(R"({"state":"failed","lost":true,"exit_code":5})").command_exit_code(), 1);
  EXPECT_EQ(view(R"({"state":"failed","exit_code":0})").command_exit_code(), 1);
  EXPECT_EQ(view(R"({"state":"cancelled","signal":15})").command_exit_code(), 1);
  EXPECT_EQ(view(R"({"state":"expired","signal":15})").command_exit_code(), 1);
}

TEST(JobView, tells_why_it_waits_and_where_it_runs) {
  EXPECT_EQ(view(R"({"state":"queued","reason":"no_capacity","message":"0 of 1 free"})").standing(),
            "queued: no_capacity: 0 of 1 free");
  EXPECT_EQ(view(R"({"state":"running","nodes":["n1"],"chip":"h100","emulated":true})").standing(),
            "running on n1: h100 (emulated)");
}

TEST(JobView, a_state_that_it_has_passed_counts_as_reached) {
  const JobView running = view(R"({"state":"running","started_at":"2026-11-24T22:00:00.000Z"})");
  EXPECT_TRUE(running.has_reached("starting"));
  EXPECT_FALSE(running.has_reached("ending"));
  EXPECT_FALSE(running.has_reached("succeeded"));
  EXPECT_TRUE(
      view(R"({"state":"failed","started_at":"2026-11-24T22:00:00.000Z"})").has_reached("running"));
  EXPECT_FALSE(view(R"({"state":"cancelled","started_at":null})").has_reached("running"));
  EXPECT_TRUE(view(R"({"state":"cancelled"})").has_reached("cancelled"));
}

TEST(JobView, knows_the_task_that_made_an_attempt_fail) {
  const JobView job = view(R"({"job":{"id":"j","state":"failed","tasks":3},"attempts":[
    {"attempt":1,"tasks":[{"task":0,"cause":"stopped","signal":15},
                          {"task":1,"cause":"exited","exit_code":0},
                          {"task":2,"cause":"exited","exit_code":3}]},
    {"attempt":2,"tasks":[{"task":0,"cause":"time_limit","signal":15}]},
    {"attempt":3,"tasks":[{"task":0,"cause":"stopped"},{"task":1,"cause":""}]}]})");
  EXPECT_EQ(job.id, "j");
  EXPECT_EQ(job.tasks, 3);
  ASSERT_EQ(job.attempts.size(), 3U);
  EXPECT_EQ(job.attempts[0].failed_task, 2);
  EXPECT_EQ(job.attempts[0].failure, "exit code 3");
  EXPECT_EQ(job.attempts[1].failure, "time limit");
  EXPECT_FALSE(job.attempts[2].failed_task.has_value());
}

TEST(JobView, survives_answers_of_another_version) {
  const JobView job = view(R"({"state":"resting","exit_code":"x","nodes":3,"new":{"a":1}})");
  EXPECT_FALSE(job.ended());
  EXPECT_FALSE(job.has_reached("running"));
  EXPECT_FALSE(view("[]").succeeded());
}

}  // namespace
}  // namespace duru::cli

#include "duru/cli/explain_help.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace duru::cli {
namespace {

std::string help(const std::string& figures) {
  return help_for(boost::json::parse(
      R"({"id":"j","state":"queued","reason":"no_capacity","figures":)" + figures + "}"));
}

bool speaks_of(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(ExplainHelp, speaks_of_the_thing_that_is_short) {
  EXPECT_TRUE(speaks_of(help(R"({"accelerators_wanted":2,"accelerators_free":1,"accelerators":4})"),
                        "shows who holds what"));
  const std::string scattered =
      help(R"({"accelerators_wanted":4,"accelerators_free":5,"accelerators":9,
               "accelerators_out_of_service":0})");
  EXPECT_TRUE(speaks_of(scattered, "not on one node")) << scattered;
}

TEST(ExplainHelp, tells_cpu_from_memory_and_advises_less_only_where_less_is_possible) {
  EXPECT_TRUE(speaks_of(help(R"({"cpu_millis_wanted":6000,"cpu_millis_per_task":3000})"),
                        "given cpu back, or ask for less cpu per task"));
  const std::string one = help(R"({"cpu_millis_wanted":2000,"cpu_millis_per_task":1000})");
  EXPECT_TRUE(speaks_of(one, "given cpu back")) << one;
  EXPECT_FALSE(speaks_of(one, "less")) << one;
  const std::string memory =
      help(R"({"accelerators_wanted":1,"accelerators":4,"accelerators_free":4,
               "memory_bytes_wanted":1048576})");
  EXPECT_TRUE(speaks_of(memory, "ask for less memory per task")) << memory;
  EXPECT_FALSE(speaks_of(memory, "cpu")) << memory;
}

TEST(ExplainHelp, of_what_is_out_of_service_says_how_it_comes_back) {
  const std::string all =
      help(R"({"accelerators":2,"accelerators_free":0,"accelerators_out_of_service":2})");
  EXPECT_TRUE(speaks_of(all, "duru mark accelerator NODE/INDEX healthy")) << all;
  EXPECT_FALSE(speaks_of(all, "wait")) << all;
  const std::string too_few = help(
      R"({"accelerators_wanted":4,"accelerators_free":11,"accelerators":14,
          "accelerators_out_of_service":3,"accelerators_unhealthy":3})");
  EXPECT_TRUE(speaks_of(too_few, "duru mark accelerator NODE/INDEX healthy")) << too_few;
  EXPECT_FALSE(speaks_of(too_few, "wait")) << too_few;
  EXPECT_FALSE(speaks_of(too_few, "uncordon")) << "the core says node_draining where that helps";
  const std::string some = help(
      R"({"accelerators_wanted":2,"accelerators":4,"accelerators_free":1,
          "accelerators_out_of_service":1})");
  EXPECT_TRUE(speaks_of(some, "wait") && speaks_of(some, "out of service")) << some;
}

TEST(ExplainHelp, of_an_ended_job_says_where_to_look) {
  EXPECT_EQ(help_for(boost::json::parse(R"({"id":"j","state":"failed","attempt_count":1})")),
            "duru logs j shows what it wrote, duru describe job j shows all there is");
  EXPECT_EQ(help_for(boost::json::parse(R"({"id":"j","state":"succeeded"})")), "");
  EXPECT_EQ(help_for(boost::json::parse(
                R"({"id":"j","state":"queued","reason":"starting_backoff","attempt_count":1})")),
            "it is tried again by itself; duru logs j shows what it wrote last");
}

}  // namespace
}  // namespace duru::cli

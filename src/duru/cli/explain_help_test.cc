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
  EXPECT_TRUE(speaks_of(help(R"({"cpu_millis_wanted":3000,"cpu_millis_free":1000})"),
                        "ask for less cpu or memory"));
  const std::string host =
      help(R"({"accelerators_wanted":1,"accelerators_free":4,"accelerators":4})");
  EXPECT_TRUE(speaks_of(host, "too little cpu or memory beside them")) << host;
  EXPECT_FALSE(speaks_of(host, "who holds what"));
}

TEST(ExplainHelp, of_what_is_out_of_service_says_how_it_comes_back) {
  const std::string all =
      help(R"({"accelerators":2,"accelerators_free":0,"accelerators_out_of_service":2})");
  EXPECT_TRUE(speaks_of(all, "duru mark accelerator NODE/INDEX healthy")) << all;
  EXPECT_FALSE(speaks_of(all, "wait")) << all;
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

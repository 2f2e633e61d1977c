#include "duru/cli/job_times.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "duru/cli/kinds.h"

namespace duru::cli {
namespace {

// The cells of a job's row by their headers, at 01:00.
std::string cell(const boost::json::value& row, const std::string& header) {
  Timestamp now;
  EXPECT_TRUE(parse_timestamp("2026-11-24T01:00:00.000Z", now));
  for (const Column& column : find_kind_info("job")->columns) {
    if (column.header == header) return column.cell(row, now).text;
  }
  return "no such column";
}

boost::json::value detail(const std::string& state, const std::string& second_attempt) {
  return boost::json::parse(R"({"job":{"name":"j","state":")" + state + R"(","chip":"h100",
    "nodes":["a"],"attempt_count":)" +
                            (second_attempt.empty() ? "1" : "2") + R"(,
    "submitted_at":"2026-11-24T00:00:00.000Z","started_at":"2026-11-24T00:00:10.000Z",
    "ended_at":null},"attempts":[
    {"attempt":1,"ended_at":"2026-11-24T00:30:00.000Z",
     "tasks":[{"started_at":"2026-11-24T00:00:10.000Z"}]})" +
                            second_attempt + "]}");
}

TEST(JobTimes, a_job_of_one_attempt_counts_from_its_submission) {
  const auto row = with_last_times(detail("running", ""));
  EXPECT_EQ(cell(row, "WAITED"), "10s");
  EXPECT_EQ(cell(row, "RAN"), "59m50s");
  EXPECT_EQ(cell(row, "CHIP"), "h100");
}

TEST(JobTimes, a_job_that_is_queued_again_waits_since_then_and_holds_nothing) {
  const auto row = with_last_times(detail("queued", ""));
  EXPECT_EQ(cell(row, "WAITED"), "30m");
  EXPECT_EQ(cell(row, "RAN"), "-");
  EXPECT_EQ(cell(row, "CHIP"), "");
  EXPECT_EQ(cell(row, "NODES"), "");
}

TEST(JobTimes, of_a_job_that_was_tried_again_the_last_attempt_counts) {
  const auto row = with_last_times(detail("running", R"(,{"attempt":2,"ended_at":null,"tasks":[
      {"started_at":"2026-11-24T00:40:05.000Z"},{"started_at":"2026-11-24T00:40:00.000Z"}]})"));
  EXPECT_EQ(cell(row, "WAITED"), "10m");
  EXPECT_EQ(cell(row, "RAN"), "20m");
  const auto starting = with_last_times(
      detail("starting", R"(,{"attempt":2,"ended_at":null,"tasks":[{"started_at":null}]})"));
  EXPECT_EQ(cell(starting, "WAITED"), "30m");
  EXPECT_EQ(cell(starting, "RAN"), "-");
}

}  // namespace
}  // namespace duru::cli

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "duru/cli/describe_text.h"
#include "duru/cli/json_access.h"
#include "duru/cli/size_text.h"
#include "duru/cli/table.h"
#include "duru/cli/time_text.h"
#include "duru/cli/usage_text.h"
#include "duru/cli/yaml_text.h"

namespace duru::cli {
namespace {

TEST(Table, columns_line_up_by_what_a_terminal_shows) {
  Table table({"NAME", "CHIPS", "N"});
  table.add({{"두루"}, {"2 × h100"}, {"7", Color::kNone, true}});
  table.add({{"a"}, {"-"}, {"12", Color::kNone, true}});
  EXPECT_EQ(table.text(true, false),
            "NAME  CHIPS      N\n"
            "두루  2 × h100   7\n"
            "a     -         12\n");
  EXPECT_EQ(table.text(false, false), "두루  2 × h100   7\na     -         12\n");
}

TEST(Table, a_cell_cannot_move_the_cursor) {
  Table table({"A"});
  table.add({{"x\x1b[2Jy\nz\xc2\x9b"}});
  EXPECT_EQ(table.text(false, false), "x?[2Jy?z?\n");
}

TEST(Table, colors_do_not_count_as_width) {
  Table table({"S", "T"});
  table.add({{"failed", Color::kBad}, {"x"}});
  EXPECT_EQ(table.text(false, true), "\x1b[31mfailed\x1b[0m  x\n");
}

TEST(TimeText, two_figures_are_enough) {
  EXPECT_EQ(short_span(Milliseconds(-5)), "0s");
  EXPECT_EQ(short_span(Milliseconds(850)), "850ms");
  EXPECT_EQ(short_span(Milliseconds(4250)), "4.2s");
  EXPECT_EQ(short_span(seconds(37)), "37s");
  EXPECT_EQ(short_span(seconds(725)), "12m5s");
  EXPECT_EQ(short_span(minutes(220)), "3h40m");
  EXPECT_EQ(short_span(hours(146)), "6d2h");
  EXPECT_EQ(age(std::nullopt, Timestamp(0)), "-");
}

TEST(SizeText, bytes_have_a_unit_that_people_read) {
  EXPECT_EQ(size_text(Bytes(0)), "0B");
  EXPECT_EQ(size_text(Bytes(1023)), "1023B");
  EXPECT_EQ(size_text(Bytes(1536)), "1.5KiB");
  EXPECT_EQ(size_text(Bytes(64 << 20)), "64MiB");
  EXPECT_EQ(size_text(Bytes(1'610'612'736)), "1.5GiB");
  EXPECT_EQ(size_text(Bytes(INT64_MAX)), "8388607.9TiB");
}

TEST(DescribeText, shows_bytes_in_units_and_no_chip_of_a_job_that_waits) {
  EXPECT_EQ(describe_fields(boost::json::parse(
                R"({"name":"m","memory_bytes":85899345920,"files":[{"path":"a","size":1536}]})")),
            "name: m\nmemory: 80GiB\nfiles:\n  - path: a\n    size: 1.5KiB\n");
  EXPECT_EQ(describe_fields(boost::json::parse(
                R"({"state":"queued","chip":"h100","emulated":true,"nodes":["a"]})")),
            "state: queued\n");
}

TEST(DescribeText, of_a_job_says_what_a_zero_means_and_how_long_it_ran_in_all) {
  const std::string text = describe_job(boost::json::parse(R"({
    "job": {"name": "train", "state": "succeeded"},
    "spec": {"memory": 0, "time_limit": "0s"},
    "attempts": [
     {"attempt": 1, "outcome": "failed", "tasks": [
      {"task": 0, "started_at": "2026-11-24T22:00:00.000Z", "ended_at": "2026-11-24T22:00:10.000Z"},
      {"task": 1, "started_at": "2026-11-24T22:00:01.000Z", "ended_at": "2026-11-24T22:00:12.000Z"}]},
     {"attempt": 2, "outcome": "failed", "tasks": [{"task": 0}]},
     {"attempt": 3, "outcome": "succeeded", "tasks": [
      {"task": 0, "started_at": "2026-11-24T22:01:00.000Z", "ended_at": "2026-11-24T22:01:30.000Z"}
     ]}]})"),
                                        false);
  EXPECT_NE(text.find("\nran: 42s in 2 attempts\n"), std::string::npos) << text;
  EXPECT_NE(text.find("memory: unreserved\n"), std::string::npos) << text;
  EXPECT_NE(text.find("time_limit: none\n"), std::string::npos) << text;
}

TEST(YamlText, reads_like_yaml_and_quotes_what_might_be_misread) {
  const auto json = boost::json::parse(
      R"({"items":[{"name":"train","ok":true,"env":{"A":"on","B":"010"},"list":["a","b: c"]}],
          "none":null,"empty":[],"no":{},"n":3,"t":""})");
  EXPECT_EQ(to_yaml(json),
            "items:\n- name: train\n  ok: true\n  env:\n    A: \"on\"\n    B: \"010\"\n"
            "  list:\n  - a\n  - \"b: c\"\nnone: null\nempty: []\n\"no\": {}\nn: 3\nt: \"\"\n");
}

constexpr const char* kUsage = R"({
  "from": "2026-11-24T22:00:00.000Z", "to": "2026-11-24T23:00:00.000Z",
  "capacity_accelerator_seconds": "7200", "used_accelerator_seconds": "30.5",
  "idle_accelerator_seconds": "7169.5", "maintenance_accelerator_seconds": "0",
  "failed_accelerator_seconds": "0", "foreign_accelerator_seconds": "0",
  "items": [
   {"project": "default", "job": "train", "chip": "h100-sxm5-80gb", "track": "gpu", "emulated": true,
    "accelerator_seconds": "20.5", "cpu_seconds": "41", "energy_joules": "14350",
    "energy_method": "modelled", "energy_source": "published watts × held time",
    "cost_credits": "0.017083"},
   {"project": "default", "job": "infer", "chip": "rngd", "track": "npu", "emulated": false,
    "accelerator_seconds": "10", "cpu_seconds": "10", "energy_joules": null,
    "energy_method": "none", "energy_source": "", "cost_credits": "0.5"},
   {"project": "default", "job": "quantize", "chip": "", "track": "cpu", "emulated": false,
    "accelerator_seconds": "0", "cpu_seconds": "3", "energy_joules": null,
    "energy_method": "none", "energy_source": "", "cost_credits": "0"}]})";

TEST(UsageText, emulated_and_real_are_never_added_together) {
  const std::string text = usage_text(boost::json::parse(kUsage), false, true);
  EXPECT_NE(text.find("h100-sxm5-80gb (emulated)"), std::string::npos) << text;
  EXPECT_NE(text.find("no accelerator"), std::string::npos);
  const auto line = [&](const std::string& start) {
    const std::size_t at = text.find("\n" + start) + 1;
    return text.substr(at, text.find('\n', at) - at);
  };
  EXPECT_NE(line("total real").find(" 10  "), std::string::npos) << text;
  EXPECT_NE(line("total real").find("0.5"), std::string::npos) << text;
  EXPECT_NE(line("total emulated").find("20.5"), std::string::npos) << text;
  EXPECT_NE(line("total emulated").find("14350"), std::string::npos) << text;
}

TEST(UsageText, says_what_stands_behind_the_figures) {
  const std::string text = usage_text(boost::json::parse(kUsage), false, true);
  EXPECT_NE(text.find("energy of emulated accelerators: modelled, published watts × held time\n"),
            std::string::npos);
  EXPECT_NE(text.find("times are this machine's CPU's, not the chip's\n"), std::string::npos);
  EXPECT_NE(text.find("idle                      7169.5"), std::string::npos) << text;
  EXPECT_NE(text.find("\nCPU-S: processors reserved × held time, used or not\n"), std::string::npos)
      << text;
}

TEST(UsageText, a_share_is_never_shown_as_none_or_all_where_it_is_neither) {
  auto json = boost::json::parse(kUsage);
  const auto shown = [&](const char* used, const char* idle) {
    json.as_object()["used_accelerator_seconds"] = used;
    json.as_object()["idle_accelerator_seconds"] = idle;
    return usage_text(json, false, true);
  };
  const std::string little = shown("0.001", "7199.999");
  EXPECT_NE(little.find(" <0.1%\n"), std::string::npos) << little;
  EXPECT_NE(little.find(" >99.9%\n"), std::string::npos) << little;
  const std::string half = shown("3.6", "7196.4");  // 0.05 %
  EXPECT_NE(half.find(" 0.1%\n"), std::string::npos) << half;
}

TEST(UsageText, without_emulated_work_nothing_is_said_of_it) {
  auto json = boost::json::parse(kUsage);
  json.as_object()["items"].as_array().erase(json.as_object()["items"].as_array().begin());
  const std::string text = usage_text(json, true, true);
  EXPECT_EQ(text.find("mulated"), std::string::npos) << text;
  EXPECT_EQ(text.find("not the chip's"), std::string::npos);
}

TEST(Json, numbers_are_written_as_people_read_them) {
  EXPECT_EQ(json_text(boost::json::parse(R"({"s": 960.0, "p": [0.6, -3, true], "t": "1"})")),
            R"({"s":960,"p":[0.6,-3,true],"t":"1"})");
}

}  // namespace
}  // namespace duru::cli

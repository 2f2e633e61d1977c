#include "duru/cli/command_line.h"

#include <gtest/gtest.h>

#include "duru/cli/exit_code.h"

namespace duru::cli {
namespace {

using Words = std::vector<std::string>;

// Verbs that only remember what they were given.
struct Given {
  std::string job;
  std::string kind;
  std::optional<std::int64_t> count;
  bool follow = false;
  Words files;
  Words rest;
  GlobalOptions globals;

  std::vector<Verb> verbs() {
    return {
        {.name = "logs",
         .summary = "Show a log",
         .examples = "  duru logs train\n",
         .arguments = {positional("JOB", &job, "id or name"), flag("-f,--follow", &follow, "go on"),
                       option("--count", "N", &count, "so many")}},
        {.name = "run",
         .summary = "Run",
         .examples = "",
         .arguments = {option("--file", "FILE", &files, "a file")},
         .rest = &rest},
        {.name = "journal",
         .summary = "The journal",
         .examples = "",
         .verbs = {{.name = "verify",
                    .summary = "Check",
                    .examples = "  duru journal verify\n",
                    .arguments = {option("--kind", "KIND", &kind, "", {"a", "b"})}}}},
    };
  }

  // The verb's name, or "EXIT: TEXT".
  std::string parse(Words words) {
    const std::vector<Verb> table = verbs();
    const ParsedLine parsed = parse_command_line(table, globals, std::move(words));
    if (parsed.verb != nullptr) return parsed.verb->name;
    return std::to_string(parsed.exit_code) + ": " + parsed.text;
  }
};

TEST(CommandLine, fills_in_what_a_verb_takes) {
  Given given;
  EXPECT_EQ(given.parse({"logs", "-f", "train", "--count", "3"}), "logs");
  EXPECT_EQ(given.job, "train");
  EXPECT_EQ(given.count, 3);
  EXPECT_TRUE(given.follow);
}

TEST(CommandLine, global_options_stand_before_and_after_the_verb) {
  Given given;
  EXPECT_EQ(given.parse({"-n", "lab", "logs", "train", "-o", "json", "--data=/d"}), "logs");
  EXPECT_EQ(given.globals.project, "lab");
  EXPECT_EQ(given.globals.output, "json");
  EXPECT_EQ(given.globals.data, "/d");
  EXPECT_EQ(given.parse({"journal", "verify", "--data", "/e"}), "verify");
  EXPECT_EQ(given.globals.data, "/e");
}

TEST(CommandLine, of_an_option_that_is_given_twice_the_last_counts) {
  Given given;
  EXPECT_EQ(given.parse({"--data", "/a", "logs", "train", "--data", "/b"}), "logs");
  EXPECT_EQ(given.globals.data, "/b");
}

TEST(CommandLine, a_list_takes_every_word_that_stands_alone) {
  Words files;
  GlobalOptions globals;
  Argument argument = positional("FILE", &files, "files");
  const std::vector<Verb> verbs = {
      {.name = "check", .summary = "", .examples = "", .arguments = {argument}}};
  EXPECT_NE(parse_command_line(verbs, globals, {"check", "a", "b", "c"}).verb, nullptr);
  EXPECT_EQ(files, (Words{"a", "b", "c"}));
}

TEST(CommandLine, a_job_may_be_called_like_a_verb) {
  Given given;
  EXPECT_EQ(given.parse({"logs", "run"}), "logs");
  EXPECT_EQ(given.job, "run");
}

TEST(CommandLine, what_stands_behind_two_dashes_is_not_parsed) {
  Given given;
  EXPECT_EQ(given.parse({"run", "--file", "a", "--file", "b", "--", "logs", "--help", "--", "-n"}),
            "run");
  EXPECT_EQ(given.files, (Words{"a", "b"}));
  EXPECT_EQ(given.rest, (Words{"logs", "--help", "--", "-n"}));
}

TEST(CommandLine, what_is_wrong_is_told_with_where_to_look) {
  Given given;
  for (const Words& words :
       {Words{}, Words{"lgos"}, Words{"logs"}, Words{"logs", "a", "b"}, Words{"logs", "a", "--x"},
        Words{"logs", "a", "--count", "many"}, Words{"journal"}, Words{"logs", "a", "--", "b"},
        Words{"journal", "verify", "--kind", "c"}, Words{"-o", "xml", "logs", "a"},
        Words{"run", "--file", "a", "b"}}) {
    Given fresh;
    const std::string told = fresh.parse(words);
    EXPECT_EQ(told.substr(0, 10), "2: error: ") << told;
    EXPECT_NE(told.find("--help` shows"), std::string::npos) << told;
  }
  EXPECT_NE(given.parse({"run", "python3"}).find("behind \"--\""), std::string::npos);
}

TEST(CommandLine, a_mistyped_word_is_told_with_what_was_meant) {
  const auto told = [](const Words& words) { return Given().parse(words); };
  const auto expect_meant = [&](const Words& words, const std::string& text) {
    EXPECT_EQ(told(words).substr(0, 10 + text.size()), "2: error: " + text) << told(words);
  };
  expect_meant({"lgos", "train"}, "unknown verb \"lgos\": did you mean \"logs\"?");
  expect_meant({"--data", "/d", "jornal"}, "unknown verb \"jornal\": did you mean \"journal\"?");
  expect_meant({"journal", "verfy"}, "unknown verb \"verfy\": did you mean \"verify\"?");
  expect_meant({"help", "lgos"}, "unknown verb \"lgos\": did you mean \"logs\"?");
  expect_meant({"logs", "a", "--folow"}, "unknown option \"--folow\": did you mean \"--follow\"?");
  expect_meant({"logs", "a", "--dta=/d"}, "unknown option \"--dta\": did you mean \"--data\"?");
  expect_meant({"hlep"}, "unknown verb \"hlep\": did you mean \"help\"?");
  expect_meant({"ps"}, "unknown verb \"ps\": here it is duru get jobs\n");
  expect_meant({"journal", "list"}, "unknown verb \"list\"\n");
  expect_meant({"logs", "a", "b"}, "unexpected argument \"b\"");
  expect_meant({"zebra"}, "unknown verb \"zebra\"\n");
  EXPECT_NE(told({"logs", "a", "-o", "jsn"}).find("did you mean \"json\"?"), std::string::npos);
  EXPECT_NE(told({"journal", "verfy"}).find("`duru journal --help`"), std::string::npos);
}

TEST(CommandLine, a_name_may_stand_behind_its_kind) {
  std::string job;
  std::string accelerator;
  GlobalOptions globals;
  const std::vector<Verb> verbs = {
      {.name = "show",
       .summary = "",
       .examples = "",
       .arguments = {naming("jobs", positional("JOB", &job, "")),
                     naming("accelerators", positional("ACCELERATOR", &accelerator, ""))}}};
  EXPECT_NE(parse_command_line(verbs, globals, {"show", "job/train", "n1/0"}).verb, nullptr);
  EXPECT_EQ(job, "train");
  EXPECT_EQ(accelerator, "n1/0");
  EXPECT_NE(parse_command_line(verbs, globals, {"show", "jobs/a", "accelerator/n1/0"}).verb,
            nullptr);
  EXPECT_EQ(job, "a");
  EXPECT_EQ(accelerator, "n1/0");
  EXPECT_NE(parse_command_line(verbs, globals, {"show", "job", "accelerator/0"}).verb, nullptr);
  EXPECT_EQ(job, "job");
  EXPECT_EQ(accelerator, "accelerator/0") << "of a node that is called so";
}

TEST(CommandLine, several_choices_stand_with_commas_between) {
  std::string states;
  GlobalOptions globals;
  Argument state = option("--state", "STATE,...", &states, "", {"queued", "running"});
  state.several = true;
  const std::vector<Verb> verbs = {
      {.name = "get", .summary = "", .examples = "", .arguments = {state}}};
  EXPECT_NE(parse_command_line(verbs, globals, {"get", "--state", "queued,running"}).verb, nullptr);
  EXPECT_EQ(states, "queued,running");
  const ParsedLine wrong = parse_command_line(verbs, globals, {"get", "--state", "queued,runing"});
  EXPECT_EQ(wrong.exit_code, kExitUsage);
  EXPECT_NE(wrong.text.find("\"runing\" is not one of queued, running; did you mean \"running\"?"),
            std::string::npos)
      << wrong.text;
  const ParsedLine other = parse_command_line(verbs, globals, {"get", "--state", "pending"});
  EXPECT_NE(other.text.find("did you mean \"queued\"?"), std::string::npos) << other.text;
}

TEST(CommandLine, help_is_no_error_and_has_examples) {
  Given given;
  for (const Words& words : {Words{"logs", "--help"}, Words{"help", "logs"}, Words{"logs", "-h"}}) {
    const std::string told = given.parse(words);
    EXPECT_EQ(told.substr(0, 3), "0: ");
    EXPECT_NE(told.find("Usage: duru logs"), std::string::npos) << told;
    EXPECT_NE(told.find("duru logs train"), std::string::npos);
  }
  EXPECT_NE(given.parse({"help"}).find("Start here"), std::string::npos);
  EXPECT_NE(given.parse({"help", "journal", "verify"}).find("duru journal verify"),
            std::string::npos);
}

}  // namespace
}  // namespace duru::cli

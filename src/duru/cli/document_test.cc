#include "duru/cli/document.h"

#include <gtest/gtest.h>

namespace duru::cli {
namespace {

DocumentResult read(std::string_view text) {
  return read_document(text, DocumentForm::kYamlOrJson);
}

std::string json_of(std::string_view text) {
  const DocumentResult result = read(text);
  return result.problems.empty() ? result.document.json : describe("f", result.problems[0]);
}

TEST(Document, yaml_becomes_json) {
  EXPECT_EQ(json_of("name: train\ncpu: 2\nok: true\nnone: ~\nempty:\nlist: [a, 'b', \"c\"]\n"),
            R"({"name":"train","cpu":2,"ok":true,"none":null,"empty":null,"list":["a","b","c"]})");
}

TEST(Document, quoted_words_are_text) {
  EXPECT_EQ(json_of("a: '010'\nb: \"yes\"\nc: 'null'\n"), R"({"a":"010","b":"yes","c":"null"})");
}

TEST(Document, block_text_keeps_its_lines) {
  EXPECT_EQ(json_of("a: |\n  one\n  two\n"), R"({"a":"one\ntwo\n"})");
}

TEST(Document, json_stays_as_it_is) {
  EXPECT_EQ(json_of("{\"a\": [1, {\"b\": \"\\u00e9\"}]}"), "{\"a\": [1, {\"b\": \"\\u00e9\"}]}");
}

TEST(Document, a_flow_mapping_that_is_no_json_is_yaml) {
  EXPECT_EQ(json_of("{a: 1, b: [x]}"), R"({"a":1,"b":["x"]})");
}

TEST(Document, a_member_stands_at_its_key_and_an_element_at_itself) {
  const SourceMap yaml = read("jobs:\n  - name: a\n    cpu: 1\n  - name: b\n").document.positions;
  EXPECT_EQ(yaml.find("/jobs/0/cpu"), (Position{3, 5}));
  EXPECT_EQ(yaml.find("/jobs/1"), (Position{4, 5}));
  EXPECT_EQ(yaml.find("/jobs/1/name/deeper"), (Position{4, 5}));
  const SourceMap json = read("{\"jobs\": [\n  {\"cpu\": 1},\n  {\"cpu\": 2}]}").document.positions;
  EXPECT_EQ(json.find("/jobs/1/cpu"), (Position{3, 4}));
  EXPECT_EQ(json.find("/jobs/0"), (Position{2, 3}));
}

TEST(Document, doubled_keys_are_refused_where_they_stand) {
  EXPECT_EQ(json_of("a: 1\nb: 2\na: 3\n"), "f:3:1: a: stands twice in one object");
  EXPECT_EQ(json_of("{\"a\": 1,\n \"a\": 2}"), "f:2:2: a: stands twice in one object");
}

TEST(Document, what_yaml_readers_read_differently_is_refused) {
  for (const char* word :
       {"010",   "1_000",     "0x10", "0o17",  "0b1",  "1e3",        "1.5e3",
        ".5",    "1.",        "+1",   "yes",   "No",   "on",         "OFF",
        "True",

        "12:30", "1:30:00.5", ".inf", "-.inf", ".nan", "2026-01-01", "2026-1-1T10:00:00Z",
        "-010",  "="}) {
    const DocumentResult result = read("a: " + std::string(word) + "\n");
    ASSERT_EQ(result.problems.size(), 1U) << word;
    EXPECT_EQ(result.problems[0].at, (Position{1, 4})) << word;
    EXPECT_EQ(result.problems[0].pointer, "/a");
  }
}

TEST(Document, words_that_only_resemble_numbers_are_text) {
  for (const char* word : {"10m", "1h30m", "1.2.3", "127.0.0.1:8080", "512MiB", "here/0", "-", "e3",
                           "1e", "y", "n", "nan", "v1.0", "2026-W01", "0xfg", "a:b"}) {
    EXPECT_EQ(classify_plain(word), PlainKind::kText) << word;
  }
}

TEST(Document, numbers_that_all_read_alike_are_numbers) {
  EXPECT_EQ(json_of("[0, -1, 42, 1.50]"), "[0, -1, 42, 1.50]");
  EXPECT_EQ(json_of("a: -7\nb: 0.25\n"), R"({"a":-7,"b":0.25})");
}

TEST(Document, anchors_aliases_and_tags_are_refused) {
  EXPECT_EQ(json_of("a: &x 1\n"), "f:1:4: a: anchors (&name) are not read; write the value out");
  EXPECT_EQ(json_of("a: &x [1]\nb: *x\n").substr(0, 6), "f:1:4:");
  EXPECT_EQ(json_of("a: !!str 1\n"),
            "f:1:4: a: tags (tag:yaml.org,2002:str) are not read; leave it out");
}

TEST(Document, a_bomb_of_aliases_is_not_expanded) {
  std::string text = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    text +=
        "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last + ", " + last + "]\n";
  }
  const DocumentResult result = read(text);
  EXPECT_EQ(result.problems.size(), 20U);
  EXPECT_LT(result.document.json.size(), 10'000U);
}

TEST(Document, keys_are_text) {
  EXPECT_EQ(json_of("1: a\n"), "f:1:1: expected text as key, got 1; quote it");
  EXPECT_EQ(json_of("a: {true: b}\n"), "f:1:5: a: expected text as key, got true; quote it");
  EXPECT_NE(json_of("? [a]\n: b\n").find("expected text as key"), std::string::npos);
}

TEST(Document, broken_text_is_refused_with_its_place) {
  EXPECT_EQ(json_of(""), "f:1:1: is empty");
  EXPECT_EQ(json_of("# only a comment\n"), "f:1:1: is empty");
  EXPECT_EQ(json_of("a: \"\xff\"\n"), "f:1:5: expected UTF-8 text, got another byte");
  EXPECT_EQ(json_of("a: 1\n---\nb: 2\n").substr(2), "3:1: holds a second document (---)");
  EXPECT_NE(json_of("a: [1\n").find("is not valid YAML"), std::string::npos);
  EXPECT_NE(json_of(std::string(2'000'000, 'a')).find("longer than 1048576 bytes"),
            std::string::npos);
  const DocumentResult json = read_document("{\"a\": 1,\n}", DocumentForm::kJson);
  ASSERT_EQ(json.problems.size(), 1U);
  EXPECT_EQ(json.problems[0].at.line, 2);
}

TEST(Document, deep_nesting_is_refused) {
  EXPECT_NE(json_of(std::string(100'000, '[')).find("f:"), std::string::npos);
  EXPECT_NE(json_of("a: " + std::string(40, '[') + std::string(40, ']')).find("nested deeper"),
            std::string::npos);
  std::string block;
  for (std::string indent; indent.size() < 400; indent += "  ") block += indent + "a:\n";
  EXPECT_NE(json_of(block).find("nested deeper"), std::string::npos);
}

}  // namespace
}  // namespace duru::cli

#include <gtest/gtest.h>

#include "duru/base/json.h"
#include "duru/base/record_macros.h"
#include "duru/base/wire.h"

namespace duru {

enum class Colour { kNone, kRed, kBlue };
struct Part {
  std::string label;
  std::int64_t count = 0;
};
struct Sample {
  Id<struct SampleTag> id;
  bool flag = false;
  std::int32_t small = 0;
  Colour colour = Colour::kNone;
  Milliseconds wait;
  MilliCpu cpu;
  std::vector<Part> parts;
  std::vector<std::int64_t> numbers;
  std::map<std::string, std::string> labels;
  std::optional<Timestamp> at;
  std::optional<Part> extra;
};
DURU_DECLARE_ENUM(Colour)
DURU_DECLARE_RECORD(Part)
DURU_DECLARE_RECORD(Sample)
DURU_ENUM(Colour, {kNone, "none"}, {kRed, "red"}, {kBlue, "blue"})
DURU_RECORD(Part, (1, label), (2, count))
DURU_RECORD(Sample, (1, id), (2, flag), (3, small), (4, colour), (5, wait), (6, cpu), (7, parts),
            (8, numbers), (9, labels), (10, at), (12, extra))

namespace {

Sample full() {
  Sample s;
  s.id = make_id<Id<SampleTag>>(1'700'000'000'000, 7);
  s.flag = true;
  s.small = -5;
  s.colour = Colour::kBlue;
  s.wait = Milliseconds(5'400'000);
  s.cpu = MilliCpu(1500);
  s.parts = {{"a", 1}, {}, {"", -2}};
  s.numbers = {0, 1, 300};
  s.labels = {{"", "x"}, {"k", ""}, {"z", "1"}};
  s.at = Timestamp(0);
  s.extra = Part{};
  return s;
}

TEST(Record, TheWireFormGoesThereAndBack) {
  const std::string bytes = encode(full());
  const Result<Sample> back = decode<Sample>(bytes);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(encode(back.value()), bytes);
  EXPECT_EQ(to_json(back.value()), to_json(full()));
}

TEST(Record, DefaultsTakeNoBytes) { EXPECT_EQ(encode(Sample{}), ""); }

TEST(Record, TheWireFormIsProtobufs) {
  Part part;
  part.label = "testing";
  part.count = 150;
  EXPECT_EQ(encode(part), std::string("\x0a\x07testing\x10\x96\x01", 12));
}

TEST(Record, EveryTruncationOfTheWireFormIsAnErrorOrAShorterRecordButNeverACrash) {
  const std::string bytes = encode(full());
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const Result<Sample> cut = decode<Sample>(std::string_view(bytes).substr(0, n));
    if (cut.ok()) {
      EXPECT_EQ(encode(cut.value()), bytes.substr(0, n));
    }
  }
}

TEST(Record, AnUnknownFieldIsAnErrorAndNotSkipped) {
  EXPECT_FALSE(decode<Part>(std::string("\x18\x01", 2)).ok());
}

TEST(Record, TheJsonFormGoesThereAndBack) {
  for (JsonForm form : {JsonForm::kAll, JsonForm::kSparse}) {
    const JsonResult<Sample> back = from_json<Sample>(to_json(full(), form));
    ASSERT_TRUE(back.ok()) << back.problems[0].pointer << back.problems[0].detail;
    EXPECT_EQ(encode(back.value), encode(full()));
  }
}

TEST(Record, QuantitiesAreReadableTextInJson) {
  Sample s;
  s.wait = Milliseconds(5'400'200);
  s.cpu = MilliCpu(1500);
  EXPECT_EQ(to_json(s, JsonForm::kSparse), R"({"wait":"1h30m200ms","cpu":"1.5"})");
}

TEST(Record, AWrongTypeIsNamedWithItsPointer) {
  const auto result =
      from_json<Sample>(R"({"parts":[{"label":"x"},{"count":"many"}],"colour":"green"})");
  ASSERT_EQ(result.problems.size(), 2U);
  EXPECT_EQ(result.problems[0].pointer, "/parts/1/count");
  EXPECT_EQ(result.problems[0].detail, "expected integer, got string \"many\"");
  EXPECT_EQ(result.problems[1].detail, "expected one of none, red, blue; got string \"green\"");
}

TEST(Record, UnknownFieldsAreMistakesUnlessANewerPeerMayHaveAddedThem) {
  const char* text = R"({"label":"a","later":{"deep":[1]},"count":3})";
  EXPECT_FALSE(from_json<Part>(text).ok());
  const auto read = from_json<Part>(text, {.skips_unknown = true});
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read.value.label, "a");
  EXPECT_EQ(read.value.count, 3);
  EXPECT_FALSE(from_json<Part>(R"({"count":"many"})", {.skips_unknown = true}).ok());
}

TEST(Record, KnowsAnObjectWhateverItHolds) {
  EXPECT_TRUE(is_json_object(R"({"a":[1.5,{"b":null}]})"));
  EXPECT_TRUE(is_json_object("{}"));
  for (const char* text : {"", "[]", "1", "{", "{} {}", R"({"a":})", "{\"a\":\"\xff\"}"}) {
    EXPECT_FALSE(is_json_object(text)) << text;
  }
  EXPECT_FALSE(is_json_object("{\"a\":" + std::string(20, '[') + std::string(20, ']') + "}"));
}

TEST(Record, DoubledKeysUnknownFieldsDepthAndGarbageAreProblems) {
  EXPECT_FALSE(from_json<Part>(R"({"label":"a","label":"b"})").ok());
  EXPECT_FALSE(from_json<Part>(R"({"lable":"a"})").ok());
  EXPECT_FALSE(from_json<Part>(R"({"label":)").ok());
  EXPECT_FALSE(from_json<Part>(R"({} x)").ok());
  EXPECT_FALSE(from_json<Part>("").ok());
  EXPECT_FALSE(from_json<Part>(std::string(100, '[')).ok());
  EXPECT_FALSE(from_json<Sample>(R"({"small":3000000000})").ok());
  EXPECT_FALSE(from_json<Sample>(R"({"small":1.5})").ok());
}

}  // namespace
}  // namespace duru

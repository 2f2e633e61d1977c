#include "duru/catalog/csv.h"

#include <gtest/gtest.h>

namespace duru {
namespace {

std::string error_of(std::string_view text) {
  const Result<CsvTable> table = parse_csv("t.csv", text);
  return table.ok() ? "no error" : table.error().message;
}

TEST(Csv, QuotedFieldsMayHoldCommasQuotesAndLineBreaks) {
  const Result<CsvTable> table =
      parse_csv("t.csv", "a,b\n\"x, y\",\"say \"\"hi\"\"\"\n\"1\n2\",z\n");
  ASSERT_TRUE(table.ok()) << table.error().message;
  ASSERT_EQ(table.value().rows.size(), 2U);
  EXPECT_EQ(table.value().rows[0].cell("a"), "x, y");
  EXPECT_EQ(table.value().rows[0].cell("b"), "say \"hi\"");
  EXPECT_EQ(table.value().rows[1].cell("a"), "1\n2");
  EXPECT_EQ(table.value().rows[1].line, 3U);
}

TEST(Csv, BothKindsOfLineEndAndAMissingLastOneAreTheSame) {
  for (const char* text : {"a,b\n1,\n3,4\n", "a,b\r\n1,\r\n3,4\r\n", "a,b\r\n1,\n3,4"}) {
    const Result<CsvTable> table = parse_csv("t.csv", text);
    ASSERT_TRUE(table.ok()) << table.error().message;
    ASSERT_EQ(table.value().rows.size(), 2U);
    EXPECT_EQ(table.value().rows[0].cell("b"), "");
    EXPECT_EQ(table.value().rows[1].cell("b"), "4");
  }
}

TEST(Csv, ErrorsNameFileAndLine) {
  EXPECT_EQ(error_of(""), "t.csv:1: empty: a header line is missing");
  EXPECT_EQ(error_of("a,a\n"), "t.csv:1: column a appears twice");
  EXPECT_EQ(error_of("a,\n"), "t.csv:1: column without a name");
  EXPECT_EQ(error_of("a,b\n1,2\n3\n"), "t.csv:3: expected 2 fields, found 1");
  EXPECT_EQ(error_of("a\n\"1\n2"), "t.csv:2: quoted field is never closed");
  EXPECT_EQ(error_of("a\n\"1\n2\"x\n"), "t.csv:3: text after a closing quote");
  EXPECT_EQ(error_of("a\n1\"2\n"), "t.csv:2: quote inside an unquoted field");
  EXPECT_EQ(error_of("a\n1\r2\n"), "t.csv:2: carriage return without a line feed");
  EXPECT_EQ(error_of("a\n\"1\r2\"\n"), "t.csv:2: control character");
  EXPECT_EQ(error_of(std::string_view("a\n1\0002\n", 6)), "t.csv:2: control character");
  EXPECT_EQ(error_of("\xef\xbb\xbf"
                     "a\n"),
            "t.csv:1: begins with a byte order mark");
}

TEST(Csv, TextThatIsNotUtf8IsRefused) {
  for (const char* bad :
       {"\xff", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    EXPECT_EQ(error_of(std::string("a\n") + bad), "t.csv:2: not valid UTF-8");
  }
  EXPECT_TRUE(parse_csv("t.csv", "a\n두루 €\n").ok());
}

TEST(Csv, AMissingColumnIsNamed) {
  const Result<CsvTable> table = parse_csv("t.csv", "a,b\n");
  ASSERT_TRUE(table.ok());
  EXPECT_TRUE(table.value().require({"b", "a"}).ok());
  EXPECT_EQ(table.value().require({"a", "chip"}).error().message,
            "t.csv:1: column chip is missing");
}

}  // namespace
}  // namespace duru

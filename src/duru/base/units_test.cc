#include "duru/base/units.h"

#include <gtest/gtest.h>

namespace duru {
namespace {

TEST(Units, DurationsAreReadAndWrittenTheSameWay) {
  for (const char* text : {"1h30m", "200ms", "1d", "2m5s", "90d23h59m59s999ms"}) {
    Milliseconds value;
    ASSERT_TRUE(parse_duration(text, value)) << text;
    EXPECT_EQ(format_duration(value), text);
  }
  Milliseconds value;
  ASSERT_TRUE(parse_duration("90s", value));
  EXPECT_EQ(format_duration(value), "1m30s");
}

TEST(Units, ADurationThatIsNotOneIsRefused) {
  for (const char* text :
       {"", "5", "h", "1m1h", "1h1h", "-1s", "1.5h", "1 h", "99999999999999999d"}) {
    Milliseconds value;
    EXPECT_FALSE(parse_duration(text, value)) << text;
  }
}

TEST(Units, TimesAreRfc3339InUtcWithMilliseconds) {
  EXPECT_EQ(format_timestamp(Timestamp(0)), "1970-01-01T00:00:00.000Z");
  Timestamp value;
  ASSERT_TRUE(parse_timestamp("2024-02-29T23:59:59.999Z", value));
  EXPECT_EQ(format_timestamp(value), "2024-02-29T23:59:59.999Z");
  EXPECT_FALSE(parse_timestamp("2023-02-29T00:00:00Z", value));
  EXPECT_FALSE(parse_timestamp("2024-02-29T23:59:59+09:00", value));
}

TEST(Units, DecimalsAreExact) {
  EXPECT_EQ(format_decimal(12'345, 3), "12.345");
  EXPECT_EQ(format_decimal(12'000, 3), "12");
  EXPECT_EQ(format_decimal(-5, 3), "-0.005");
  EXPECT_EQ(format_decimal(0, 6), "0");
  EXPECT_EQ(format_decimal(120, 0), "120");
  std::int64_t value = 0;
  ASSERT_TRUE(parse_decimal("0.25", 3, value));
  EXPECT_EQ(value, 250);
  for (const char* text : {"", ".", "1.", "1.2345", "1e3", "99999999999999999999", "--1"}) {
    EXPECT_FALSE(parse_decimal(text, 3, value)) << text;
  }
}

TEST(Units, IdsSortByTheirTime) {
  EXPECT_LT(make_id_text(1, 0xffffffff), make_id_text(2, 0));
  EXPECT_LT(make_id_text(1'700'000'000'000, 5), make_id_text(1'900'000'000'000, 0));
  EXPECT_EQ(make_id_text(1'700'000'000'000, 5).size(), 16U);
}

}  // namespace
}  // namespace duru

#include "duru/server/anchor.h"

#include <gtest/gtest.h>

namespace duru {
namespace {

AnchorInputs later_boot() {
  AnchorInputs inputs;
  inputs.boot_id = "b";
  inputs.last_boot_id = "a";
  inputs.last_anchor = Timestamp(1'000'000);
  inputs.last_commit_at = Timestamp(5'000'000);
  inputs.alive_at = Timestamp(6'000'000);
  inputs.wall = Timestamp(7'000'000);
  inputs.boottime_ms = 1000;
  return inputs;
}

TEST(Anchor, TheSameBootKeepsItWhateverTheWallClockSays) {
  AnchorInputs inputs = later_boot();
  inputs.boot_id = "a";
  inputs.wall = Timestamp(0);
  EXPECT_EQ(choose_anchor(inputs).value(), Timestamp(1'000'000));
}

TEST(Anchor, ANewBootTakesTheWallClock) {
  EXPECT_EQ(choose_anchor(later_boot()).value(), Timestamp(7'000'000 - 1000));
}

TEST(Anchor, AWallClockThatWentBackNeverTakesTimeBack) {
  AnchorInputs inputs = later_boot();
  inputs.wall = Timestamp(10);
  EXPECT_EQ(choose_anchor(inputs).value(), Timestamp(6'000'000 - 1000));
}

TEST(Anchor, AJumpOfMoreThanThirtyDaysIsRefusedUntilAPersonAcceptsIt) {
  AnchorInputs inputs = later_boot();
  inputs.wall = inputs.alive_at + hours(31 * 24);
  EXPECT_NE(choose_anchor(inputs).error().message.find("--accept-clock"), std::string::npos);
  inputs.accept_clock = true;
  EXPECT_TRUE(choose_anchor(inputs).ok());
}

TEST(Anchor, TheFirstStartBelievesTheWallClock) {
  AnchorInputs inputs;
  inputs.boot_id = "a";
  inputs.wall = Timestamp(1'700'000'000'000);
  EXPECT_EQ(choose_anchor(inputs).value(), Timestamp(1'700'000'000'000));
}

}  // namespace
}  // namespace duru

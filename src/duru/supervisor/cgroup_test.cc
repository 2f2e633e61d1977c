#include "duru/supervisor/cgroup.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "duru/supervisor/testing.h"

namespace duru::supervisor {
namespace {

TEST(PlanCgroup, FindsAPureV2Mount) {
  EXPECT_EQ(plan_cgroup("duru-a", "30 24 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n",
                        "0::/system.slice/duru.service\n"),
            "/sys/fs/cgroup/system.slice/duru.service/duru-a");
}

TEST(PlanCgroup, FindsAV2MountBesideV1Hierarchies) {
  EXPECT_EQ(plan_cgroup("duru-a",
                        "36 35 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                        "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
                        "4:memory:/some/where\n0::/\n"),
            "/sys/fs/cgroup/unified/duru-a");
}

TEST(PlanCgroup, FollowsAMountOfAPartOfTheHierarchy) {
  EXPECT_EQ(plan_cgroup("duru-a", "30 24 0:26 /a/b /my\\040groups rw - cgroup2 cgroup2 rw\n",
                        "0::/a/b/c\n"),
            "/my groups/c/duru-a");
}

TEST(PlanCgroup, PlansNoneWhereOurGroupIsNotShown) {
  EXPECT_EQ(plan_cgroup("duru-a", "30 24 0:26 /a/b /m rw - cgroup2 cgroup2 rw\n", "0::/a/bc\n"),
            "");
  EXPECT_EQ(plan_cgroup("duru-a", "30 24 0:26 / /m rw - cgroup cgroup rw\n", "0::/a\n"), "");
  EXPECT_EQ(plan_cgroup("duru-a", "30 24 0:26 / /m rw - cgroup2 c rw\n", "4:memory:/a\n"), "");
  EXPECT_EQ(plan_cgroup("duru-a", "30 24 0:26 / /m rw - cgroup2 c rw\n", "0::/../other\n"), "");
}

TEST(Cgroup, SetsLimitsWhereTheControllerIsAndSaysSoWhereNot) {
  std::string folder = std::filesystem::temp_directory_path() / "duru-limits-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  Cgroup group(folder);
  EXPECT_FALSE(group.limit_memory(Bytes(4096)));
  EXPECT_FALSE(group.limit_cpu(MilliCpu(1500)));
  for (const char* file : {"/memory.max", "/cpu.max"}) std::ofstream(folder + file).put('\n');
  EXPECT_TRUE(group.limit_memory(Bytes(4096)));
  EXPECT_TRUE(group.limit_cpu(MilliCpu(1500)));
  EXPECT_EQ(slurp(folder + "/memory.max"), "4096");
  EXPECT_EQ(slurp(folder + "/cpu.max"), "150000 100000");
  EXPECT_FALSE(group.ran_out_of_memory());
  std::ofstream(folder + "/memory.events") << "low 0\noom 1\noom_kill 2\n";
  EXPECT_TRUE(group.ran_out_of_memory());
  std::filesystem::remove_all(folder);
}

TEST(Cgroup, AGroupThatIsGoneIsEmptyAndOneThatCannotBeReadIsAnError) {
  auto gone = Cgroup("/nonexistent/group").populated();
  ASSERT_TRUE(gone.ok());
  EXPECT_FALSE(gone.value());
  std::string folder = std::filesystem::temp_directory_path() / "duru-events-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/cgroup.events") << "frozen 0\n";
  EXPECT_FALSE(Cgroup(folder).populated().ok());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace duru::supervisor

#include "duru/device/host.h"

#include <gtest/gtest.h>

#include "duru/device/fake_host.h"

namespace duru {
namespace {

// 8 processors allowed, 16 GiB, no cgroup.
void plain(FakeHost& host) {
  host.file("/proc/sys/kernel/hostname", "node7\n");
  host.file("/proc/self/status", "Name:\tduru\nCpus_allowed:\tff\nCpus_allowed_list:\t0-3,8-11\n");
  host.file("/proc/meminfo", "MemTotal:       16777216 kB\nMemFree:  1 kB\n");
}

void cgroup_v2(FakeHost& host, const std::string& path) {
  host.file("/proc/self/cgroup", "0::" + path + "\n");
  host.file("/proc/self/mountinfo",
            "24 1 0:22 / /proc rw - proc proc rw\n"
            "31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n");
}

TEST(HostFacts, APlainHostIsReadAsItIs) {
  FakeHost host;
  plain(host);
  const HostFacts facts = read_host_facts(host.root());
  EXPECT_EQ(facts.hostname.value(), "node7");
  EXPECT_EQ(facts.cpu.value(), MilliCpu(8000));
  EXPECT_EQ(facts.memory.value(), Bytes(std::int64_t{16} << 30));
}

TEST(HostFacts, TheLowestLimitAboveUsCounts) {
  FakeHost host;
  plain(host);
  cgroup_v2(host, "/a.slice/b");
  host.file("/sys/fs/cgroup/a.slice/b/cpu.max", "400000 100000\n");
  host.file("/sys/fs/cgroup/a.slice/b/memory.max", "max\n");
  host.file("/sys/fs/cgroup/a.slice/cpu.max", "150000 100000\n");
  host.file("/sys/fs/cgroup/a.slice/memory.max", "1073741824\n");
  const HostFacts facts = read_host_facts(host.root());
  EXPECT_EQ(facts.cpu.value(), MilliCpu(1500));
  EXPECT_EQ(facts.memory.value(), Bytes(1 << 30));
}

TEST(HostFacts, ALimitAboveWhatTheHostHasChangesNothing) {
  FakeHost host;
  plain(host);
  cgroup_v2(host, "/");
  host.file("/sys/fs/cgroup/cpu.max", "6400000 100000\n");
  host.file("/sys/fs/cgroup/memory.max", "1099511627776\n");
  const HostFacts facts = read_host_facts(host.root());
  EXPECT_EQ(facts.cpu.value(), MilliCpu(8000));
  EXPECT_EQ(facts.memory.value(), Bytes(std::int64_t{16} << 30));
}

TEST(HostFacts, TheOlderCgroupsAreReadToo) {
  FakeHost host;
  plain(host);
  host.file("/proc/self/cgroup", "4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc/inner\n0::/\n");
  host.file("/proc/self/mountinfo",
            "40 30 0:30 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"
            "41 30 0:31 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
  host.file("/sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_quota_us", "-1\n");
  host.file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "250000\n");
  host.file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  host.file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  const HostFacts facts = read_host_facts(host.root());
  EXPECT_EQ(facts.cpu.value(), MilliCpu(2500));
  EXPECT_EQ(facts.memory.value(), Bytes(std::int64_t{16} << 30));
}

TEST(HostFacts, ALimitThatCannotBeReadIsAFailureAndNotAGuess) {
  FakeHost host;
  plain(host);
  cgroup_v2(host, "/");
  host.file("/sys/fs/cgroup/cpu.max", "lots\n");
  host.file("/sys/fs/cgroup/memory.max", "-\n");
  const HostFacts facts = read_host_facts(host.root());
  EXPECT_TRUE(facts.cpu.failed());
  EXPECT_NE(facts.memory.reason().find("/sys/fs/cgroup/memory.max"), std::string::npos);
}

TEST(HostFacts, WhatIsNotThereIsAbsentAndNotZero) {
  const FakeHost host;
  const HostFacts facts = read_host_facts(host.root());
  EXPECT_TRUE(facts.hostname.absent());
  EXPECT_TRUE(facts.cpu.absent());
  EXPECT_TRUE(facts.memory.absent());
}

TEST(HostFacts, NonsenseIsAFailure) {
  FakeHost host;
  for (const char* list : {"3-1", "x", "0,,1", "-4", "1-", ""}) {
    host.file("/proc/self/status", std::string("Cpus_allowed_list:\t") + list + "\n");
    EXPECT_TRUE(read_host_facts(host.root()).cpu.failed()) << list;
  }
  for (const char* total : {"16777216", "a kB", "0 kB", "99999999999999999999 kB"}) {
    host.file("/proc/meminfo", std::string("MemTotal: ") + total + "\n");
    EXPECT_TRUE(read_host_facts(host.root()).memory.failed()) << total;
  }
}

TEST(HostFacts, ThisHostHasProcessorsAndMemory) {
  const HostFacts facts = read_host_facts("/");
  ASSERT_TRUE(facts.cpu.has_value()) << facts.cpu.reason();
  ASSERT_TRUE(facts.memory.has_value()) << facts.memory.reason();
  EXPECT_GT(facts.cpu.value(), MilliCpu(0));
  EXPECT_GT(facts.memory.value(), Bytes(64 << 20));
}

}  // namespace
}  // namespace duru

// kill -9 of a process that appends: whatever it was told is durable is there when it starts again.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "duru/journal/sqlite/sqlite_journal.h"
#include "duru/journal/sqlite/test_journal.h"
#include "duru/journal/sqlite/verify.h"

namespace duru {
namespace {

using testing::entry_number;
using testing::expected_entries;
using testing::read_all;

// Which entry stands after fact `seq`, the end of one.
std::int64_t index_after(std::int64_t seq) {
  std::int64_t index = seq / 6 * 3;
  while (entry_number(index).first_seq <= seq) ++index;
  return index;
}

// The child: appends for ever, a few entries at a time, and writes each acknowledged number.
[[noreturn]] void append_for_ever(const std::string& dir, int acknowledged) {
  auto journal = SqliteJournal::open(dir);
  if (!journal.ok()) ::_exit(1);
  journal.value()->set_listener(
      [acknowledged](std::int64_t seq) {
        if (::write(acknowledged, &seq, sizeof seq) != sizeof seq) ::_exit(2);
      },
      [](const Error&) { ::_exit(3); });
  for (std::int64_t index = index_after(journal.value()->tail().last_seq);; ++index) {
    journal.value()->append(entry_number(index));
    if (index % 4 == 0 && !journal.value()->flush().ok()) ::_exit(4);
  }
}

// Kills the child after `count` acknowledgements; gives the last one that it wrote.
std::int64_t kill_after(const std::string& dir, int count) {
  int pipe_ends[2];
  DURU_ASSERT(::pipe(pipe_ends) == 0);
  const pid_t child = ::fork();
  DURU_ASSERT(child >= 0);
  if (child == 0) append_for_ever(dir, pipe_ends[1]);
  ::close(pipe_ends[1]);
  std::int64_t last = -1;
  std::int64_t seq = 0;
  for (int heard = 0; ::read(pipe_ends[0], &seq, sizeof seq) == sizeof seq; ++heard) {
    last = seq;
    if (heard == count) ::kill(child, SIGKILL);
  }
  ::close(pipe_ends[0]);
  int status = 0;
  DURU_ASSERT(::waitpid(child, &status, 0) == child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
  return last;
}

TEST(Crash, everything_acknowledged_before_kill_9_is_durable) {
  constexpr int kRounds = 20;
  const testing::TemporaryFolder folder;
  const std::string dir = folder.path() + "/data";
  for (int round = 0; round < kRounds; ++round) {
    const std::int64_t acknowledged = kill_after(dir, round * 3);
    ASSERT_GT(acknowledged, 0);
    const Result<JournalReport> report = verify_journal(dir);
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(report.value().sound()) << report.value().problems[0];

    auto journal = SqliteJournal::open(dir);
    ASSERT_TRUE(journal.ok()) << journal.error().message;
    const std::int64_t durable = journal.value()->tail().last_seq;
    EXPECT_GE(durable, acknowledged) << "round " << round;
    const std::int64_t count = index_after(durable);
    EXPECT_EQ(read_all(*journal.value()).value(), expected_entries(count));
  }
}

// In a child: no file may grow beyond the limit, as on a disk that is full. Gives the last
// acknowledged number through the pipe.
int append_until_full(const std::string& dir, int acknowledged) {
  ::signal(SIGXFSZ, SIG_IGN);
  auto journal = SqliteJournal::open(dir);
  if (!journal.ok()) return 1;
  const rlimit limit{300'000, 300'000};
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
  std::int64_t last = 0;
  journal.value()->set_listener([&](std::int64_t seq) { last = seq; }, nullptr);
  for (std::int64_t index = 0; journal.value()->flush().ok(); ++index) {
    journal.value()->append(entry_number(index));
  }
  journal.value().reset();
  return ::write(acknowledged, &last, sizeof last) == sizeof last ? 0 : 3;
}

TEST(Crash, everything_acknowledged_before_the_disk_was_full_is_durable) {
  const testing::TemporaryFolder folder;
  const std::string dir = folder.path() + "/data";
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  ASSERT_EQ(testing::in_child([&] { return append_until_full(dir, pipe_ends[1]); }), 0);
  std::int64_t acknowledged = 0;
  ASSERT_EQ(::read(pipe_ends[0], &acknowledged, sizeof acknowledged), ssize_t{8});
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
  EXPECT_GT(acknowledged, 20);
  auto journal = SqliteJournal::open(dir);
  ASSERT_TRUE(journal.ok()) << journal.error().message;
  const std::int64_t durable = journal.value()->tail().last_seq;
  EXPECT_GE(durable, acknowledged);
  EXPECT_EQ(read_all(*journal.value()).value(), expected_entries(index_after(durable)));
}

}  // namespace
}  // namespace duru

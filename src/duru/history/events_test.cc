#include <gtest/gtest.h>

#include <filesystem>

#include "duru/domain/field_messages.h"
#include "duru/history/history.h"
#include "duru/journal/memory_journal.h"

namespace duru {
namespace {

constexpr Timestamp kStart{1'800'000'000'000};

class EventHistoryTest : public testing::Test {
 protected:
  EventHistoryTest() {
    std::string path = (std::filesystem::temp_directory_path() / "duru-events-XXXXXX").string();
    EXPECT_NE(::mkdtemp(path.data()), nullptr);
    dir_ = path;
    history_ = std::move(History::open(dir_, journal_).value());
  }
  ~EventHistoryTest() override { std::filesystem::remove_all(dir_); }

  // A commit of one event.
  void record(const std::string& node, std::int64_t number) {
    EventRecorded fact{NodeName(node), FleetName(node == "cam-3" ? "others" : "cams"), {}};
    fact.event.number = number;
    fact.event.body = R"({"kind":"smoke"})";
    fact.event.at = kStart + seconds(seq_ + 1);
    ++seq_;
    history_->on_fact(state_, fact, {seq_, 1, kStart + minutes(1)});
    DurableCommit commit;
    commit.record.first_seq = seq_;
    commit.record.term = 1;
    commit.record.now = kStart + minutes(1);
    commit.record.facts.resize(1);
    history_->on_commit(state_, commit);
  }
  std::string listed(HistoryEventsQuery query) {
    if (query.limit == 0) query.limit = 100;
    const auto events = history_->events(query);
    EXPECT_TRUE(events.ok());
    std::string text;
    for (const HistoryEvent& event : events.value()) {
      text += event.node + "/" + std::to_string(event.event.number) + " ";
    }
    return text;
  }

  std::string dir_;
  MemoryJournal journal_;
  State state_;
  std::unique_ptr<History> history_;
  std::int64_t seq_ = 0;
};

TEST_F(EventHistoryTest, WhatIsInMemoryAndInTheFileIsOneList) {
  for (const char* node : {"cam-1", "cam-2", "cam-3"}) record(node, 1);
  ASSERT_TRUE(history_->flush().ok());
  record("cam-1", 2);
  record("cam-3", 2);
  EXPECT_EQ(listed({}), "cam-3/2 cam-1/2 cam-3/1 cam-2/1 cam-1/1 ");
  HistoryEventsQuery oldest;
  oldest.oldest_first = true;
  EXPECT_EQ(listed(oldest), "cam-1/1 cam-2/1 cam-3/1 cam-1/2 cam-3/2 ");
  oldest.beyond = 2;
  oldest.limit = 2;
  EXPECT_EQ(listed(oldest), "cam-3/1 cam-1/2 ");
}

TEST_F(EventHistoryTest, TheyAreFoundByNodeFleetAndTime) {
  for (const char* node : {"cam-1", "cam-2", "cam-3"}) record(node, 1);
  ASSERT_TRUE(history_->flush().ok());
  record("cam-1", 2);
  HistoryEventsQuery query;
  query.node = "cam-1";
  EXPECT_EQ(listed(query), "cam-1/2 cam-1/1 ");
  query = {};
  query.fleet = "others";
  EXPECT_EQ(listed(query), "cam-3/1 ");
  query = {};
  query.since = kStart + seconds(3);
  EXPECT_EQ(listed(query), "cam-1/2 cam-3/1 ");
}

}  // namespace
}  // namespace duru

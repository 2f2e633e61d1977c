// For tests: a spool on a disk of its own that can be damaged, and a server that has some of it.
#pragma once

#include <gtest/gtest.h>

#include "duru/agent/spool.h"
#include "duru/agent/testing.h"
#include "duru/base/clock.h"

namespace duru::agent {

class SpoolTest : public testing::Test {
 protected:
  void reopen() {
    spool.reset();
    auto opened = Spool::open(data.folder(), limits, log);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    spool = std::move(opened.value());
    spool->acknowledge(server_has);
  }
  void acknowledge(std::int64_t through) {
    server_has = through;
    spool->acknowledge(through);
  }
  void SetUp() override { reopen(); }
  void add(std::int64_t run, std::int64_t end_offset, const std::string& body) {
    Status added =
        spool->append(run, {{body, end_offset}}, {boot_id(), Milliseconds(boottime_ms()), {}});
    ASSERT_TRUE(added.ok()) << added.error().message;
  }
  void add_many(int count) {
    for (int i = 0; i < count; ++i)
      add(1, ++offset, "{\"padding\":\"" + std::string(400, 'x') + "\"}");
  }
  std::vector<std::int64_t> numbers(std::size_t count_max = 1000) {
    std::vector<std::int64_t> found;
    for (const EventReport& event : spool->batch(count_max)) found.push_back(event.number);
    return found;
  }
  std::string segment(std::int64_t first) {
    const std::string digits = std::to_string(first);
    return data.path("events/" + std::string(19 - digits.size(), '0') + digits + ".events");
  }
  void make_unreadable(std::int64_t first) {
    ASSERT_TRUE(std::filesystem::remove(segment(first)));
    std::filesystem::create_symlink(segment(first), segment(first));  // ELOOP
  }
  int files_that_end_with(const std::string& suffix) {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(data.path("events"))) {
      const std::string name = entry.path().filename();
      count += name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix;
    }
    return count;
  }

  TestFolder data;
  Log log;
  SpoolLimits limits;
  std::unique_ptr<Spool> spool;
  std::int64_t offset = 0;
  std::int64_t server_has = 0;
};

}  // namespace duru::agent

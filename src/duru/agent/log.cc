#include "duru/agent/log.h"

#include <cstdio>

#include "duru/base/clock.h"

namespace duru::agent {
namespace {

constexpr std::int64_t kTellAgainMs = minutes(10).value;

void write_line(const std::string& text) {
  const std::string line = format_timestamp(wall_time()) + " " + text + "\n";
  (void)std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

void Log::say(const std::string& text) {
  std::lock_guard lock(mutex_);
  write_line(text);
}

void Log::problem(const std::string& key, const std::string& text) {
  std::lock_guard lock(mutex_);
  const std::int64_t now = boottime_ms();
  auto told = problems_.find(key);
  const bool is_news = told == problems_.end() || told->second.text != text;
  if (!is_news && now - told->second.at_ms < kTellAgainMs) return;
  problems_[key] = {text, now};
  write_line(text);
}

void Log::solved(const std::string& key, const std::string& text) {
  std::lock_guard lock(mutex_);
  if (problems_.erase(key) > 0) write_line(text);
}

}  // namespace duru::agent

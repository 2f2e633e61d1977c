// What the agent tells a person, on stderr: one line an event. A problem that lasts is told once
// and then every ten minutes, however often it is met.
//
//   log.say("serving smoke-3 (revision 7)");
//   log.problem("sync", "the server cannot be reached: ...");   // again and again: told once
//   log.solved("sync", "the server is back");                   // told if the problem was
//
// Safe from several threads.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace duru::agent {

class Log {
 public:
  void say(const std::string& text);
  void problem(const std::string& key, const std::string& text);
  void solved(const std::string& key, const std::string& text);

 private:
  struct Told {
    std::string text;
    std::int64_t at_ms = 0;
  };
  std::mutex mutex_;
  std::map<std::string, Told> problems_;
};

}  // namespace duru::agent

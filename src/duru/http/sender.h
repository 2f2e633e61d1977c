// Puts bytes, then optionally a part of a file, on a connection, one job at a time.
//
// It knows when it last made progress, so that a reader who takes nothing can be dropped. `done`
// is called exactly once, later, on the connection's thread: true if all was handed to the kernel.
// It must keep the owner of this object alive. Inside this folder.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "duru/http/response.h"
#include "duru/http/transport.h"

namespace duru::http {

class Sender {
 public:
  using Done = std::function<void(bool)>;

  explicit Sender(Transport& transport) : transport_(transport) {}

  bool busy() const { return static_cast<bool>(done_); }
  std::chrono::steady_clock::time_point last_progress() const { return last_progress_; }
  void send(std::string head, std::string body, std::optional<FileSlice> file, Done done);

 private:
  void send_bytes();
  void send_file();
  void load_file_piece();
  void finish(bool sent);
  void progress() { last_progress_ = std::chrono::steady_clock::now(); }

  Transport& transport_;
  std::array<std::string, 2> parts_;
  std::array<std::size_t, 2> sent_bytes_{};
  std::optional<FileSlice> file_;
  Done done_;
  std::chrono::steady_clock::time_point last_progress_{};
};

}  // namespace duru::http

// For the tests of this folder: a server on a free loopback port, and a bare socket that sends
// exactly the bytes it is told to.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "duru/http/client.h"
#include "duru/http/problem.h"
#include "duru/http/server.h"

namespace duru::http {

inline std::unique_ptr<HttpServer> start_server(Router router, HttpLimits limits = {},
                                                Gate gate = {}) {
  auto server = HttpServer::listen(
      {.address = {"127.0.0.1", 0}, .limits = limits, .gate = std::move(gate)}, std::move(router));
  EXPECT_TRUE(server.ok()) << server.error().message;
  return std::move(server.value());
}

// Asks again every millisecond until it is true; false after ten seconds.
inline bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

inline void answer_hello(const std::shared_ptr<Request>&, Responder responder) {
  responder.send(text_response(200, "hello"));
}

inline void answer_body(const std::shared_ptr<Request>& request, Responder responder) {
  responder.send(text_response(200, request->body));
}

class RawSocket {
 public:
  explicit RawSocket(const Address& address, int receive_buffer_bytes = 0) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer_bytes > 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(int));
    }
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(address.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
  }
  ~RawSocket() { close(); }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  int fd() const { return fd_; }
  void end_sending() { ::shutdown(fd_, SHUT_WR); }

  // False when the other side no longer takes it.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Reads until `mark` has been seen, the server ends, or ten seconds are over.
  std::string read_until(std::string_view mark) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (received_.find(mark) == std::string::npos) {
      if (std::chrono::steady_clock::now() > deadline || !read_some()) break;
    }
    const std::size_t found = received_.find(mark);
    const std::size_t end = found == std::string::npos ? received_.size() : found + mark.size();
    std::string text = received_.substr(0, end);
    received_.erase(0, end);
    return text;
  }
  // All until the server closes; `ended()` tells whether it did.
  std::string read_to_end() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!ended_ && std::chrono::steady_clock::now() < deadline) read_some();
    return std::exchange(received_, {});
  }
  bool ended() const { return ended_; }

 private:
  bool read_some() {
    pollfd watched{fd_, POLLIN, 0};
    if (::poll(&watched, 1, 100) == 0) return true;
    char bytes[16 * 1024];
    const ssize_t got = ::recv(fd_, bytes, sizeof(bytes), 0);
    if (got <= 0) {
      ended_ = true;
      return false;
    }
    received_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  int fd_ = -1;
  std::string received_;
  bool ended_ = false;
};

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "duru-http-XXXXXX").string();
    EXPECT_NE(::mkdtemp(path.data()), nullptr);
    path_ = path;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  bool is_empty() const { return std::filesystem::is_empty(path_); }

 private:
  std::string path_;
};

}  // namespace duru::http

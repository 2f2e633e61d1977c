// Fd: an owned file descriptor, closed at the end of its life.
//
//   Fd file(::open(path, O_RDONLY | O_CLOEXEC));
//   if (!file.valid()) return system_error("open", errno);
#pragma once

#include <unistd.h>

#include <utility>

namespace duru::supervisor {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

}  // namespace duru::supervisor

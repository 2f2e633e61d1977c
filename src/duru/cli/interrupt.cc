#include "duru/cli/interrupt.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cstdint>

#include "duru/base/assert.h"

namespace duru::cli {

Interrupt::Interrupt(std::function<void()> on_first, std::function<void()> on_second)
    : on_first_(std::move(on_first)), on_second_(std::move(on_second)) {
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, SIGINT);
  sigaddset(&ours, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ours, &before_);
  signals_ = http::OwnedFd(::signalfd(-1, &ours, SFD_CLOEXEC));
  end_ = http::OwnedFd(::eventfd(0, EFD_CLOEXEC));
  thread_ = std::thread([this] { run(); });
}

Interrupt::~Interrupt() {
  const std::uint64_t one = 1;
  DURU_ASSERT(::write(end_.get(), &one, sizeof one) == sizeof one);
  thread_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void Interrupt::run() {
  for (int count = 0;;) {
    std::array<pollfd, 2> watched = {{{signals_.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), -1) < 0) continue;
    if (watched[1].revents != 0) return;
    signalfd_siginfo info{};
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) continue;
    if (++count == 1) {
      on_first_();
    } else {
      on_second_();
      ::_exit(128 + SIGINT);
    }
  }
}

}  // namespace duru::cli

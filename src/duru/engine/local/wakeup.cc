#include "duru/engine/local/wakeup.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstdint>

#include "duru/base/assert.h"

namespace duru::local {

Wakeup::Wakeup()
    : nudge_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

Wakeup::~Wakeup() {
  if (nudge_ >= 0) ::close(nudge_);
  if (inotify_ >= 0) ::close(inotify_);
}

void Wakeup::nudge() {
  const std::uint64_t one = 1;
  (void)!::write(nudge_, &one, sizeof one);
}

void Wakeup::wait(int ms_max) {
  std::array<pollfd, 2> fds{{{nudge_, POLLIN, 0}, {inotify_, POLLIN, 0}}};
  ::poll(fds.data(), fds.size(), ms_max);
  std::array<char, 4096> drained;
  for (int fd : {nudge_, inotify_}) {
    while (fd >= 0 && ::read(fd, drained.data(), drained.size()) > 0) continue;
  }
}

int Wakeup::watch(const std::string& folder) {
  if (inotify_ < 0) return -1;
  return ::inotify_add_watch(inotify_, folder.c_str(), IN_MOVED_TO | IN_ONLYDIR);
}

void Wakeup::unwatch(int watch) {
  if (watch >= 0) ::inotify_rm_watch(inotify_, watch);
}

}  // namespace duru::local

// duru-supervise FOLDER [OPEN_FILES]: supervises the task run of that run folder, with so many open
// files allowed (the soft limit). Answers 0 as soon as the supervisor is on disk and goes on by
// itself, in a session of its own; 3 when the run has or had a supervisor, 1 for any other failure,
// with a line on stderr.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "duru/supervisor/supervision.h"

namespace {

constexpr int kConflictExit = 3;

int supervise(const char* folder, int ready_fd) {
  ::setsid();
  auto supervision = duru::supervisor::Supervision::prepare(folder);
  if (!supervision.ok()) {
    std::fprintf(stderr, "%s\n", supervision.error().message.c_str());
    return supervision.error().code == duru::ErrorCode::kConflict ? kConflictExit : 1;
  }
  // From here on the starter's streams are none of ours, and no file system is held by our folder.
  int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int stream : {0, 1, 2}) ::dup2(null, stream);
  ::close(null);
  if (::chdir("/") != 0) return 1;
  (void)!::write(ready_fd, "k", 1);
  ::close(ready_fd);
  supervision.value()->run();
  return 0;
}

// As far as the hard limit goes; where it is refused, the task has what we have.
bool limit_open_files(const char* text) {
  char* end = nullptr;
  const rlim_t wanted = std::strtoull(text, &end, 10);
  if (wanted == 0 || *end != '\0') return false;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return true;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  (void)!::setrlimit(RLIMIT_NOFILE, &limit);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "usage: duru-supervise FOLDER [OPEN_FILES]\n");
    return 2;
  }
  if (argc == 3 && !limit_open_files(argv[2])) {
    std::fprintf(stderr, "duru-supervise: '%s' is no number of open files\n", argv[2]);
    return 2;
  }
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  int ready[2];
  if (::pipe2(ready, O_CLOEXEC) != 0) {
    std::perror("duru-supervise: pipe");
    return 1;
  }
  pid_t child = ::fork();
  if (child < 0) {
    std::perror("duru-supervise: fork");
    return 1;
  }
  if (child == 0) {
    ::close(ready[0]);
    return supervise(argv[1], ready[1]);
  }
  ::close(ready[1]);
  char answer = 0;
  ssize_t got = 0;
  do {
    got = ::read(ready[0], &answer, 1);
  } while (got < 0 && errno == EINTR);
  if (got == 1) return 0;
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

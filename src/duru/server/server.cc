#include "duru/server/server.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>

#include "duru/server/log.h"
#include "duru/server/process.h"

namespace duru {
namespace {

// For HttpLimits::connections_max connections with everything else that is open, where shells give
// a process 1024 descriptors. Work inherits it, so it is no more than that.
constexpr rlim_t kDescriptors = 4096;

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kDescriptors) return;
  limit.rlim_cur = std::min(kDescriptors, limit.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) log_warn("cannot open as many files as it may need");
}

}  // namespace

int run_server(const ServerOptions& options) {
  // Blocked before any thread begins, so that only the wait below takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();

  Result<std::unique_ptr<Process>> process = Process::start(options);
  if (!process.ok()) {
    std::fprintf(stderr, "error: %s\n", process.error().message.c_str());
    return process.error().code == ErrorCode::kInvalid ? 2 : 4;
  }
  std::printf("server: %s  data: %s\n", process.value()->url().c_str(), options.data_dir.c_str());
  std::fflush(stdout);
  int taken = 0;
  do {
    sigwait(&signals, &taken);
  } while (taken == SIGHUP);
  log_info("stopping; work goes on");
  process.value()->stop();
  return 0;
}

}  // namespace duru

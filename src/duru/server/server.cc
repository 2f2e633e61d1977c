#include "duru/server/server.h"

#include <pthread.h>
#include <signal.h>

#include <cstdio>

#include "duru/server/log.h"
#include "duru/server/process.h"

namespace duru {

int run_server(const ServerOptions& options) {
  // Blocked before any thread begins, so that only the wait below takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  Result<std::unique_ptr<Process>> process = Process::start(options, raise_open_files());
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

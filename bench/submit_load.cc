// Submits jobs over HTTP from a number of keep-alive connections, each waiting for its answer
// before the next, for a number of seconds; every answer is a durable acknowledgement.
//
//   bench_submit 127.0.0.1:8080 TOKEN CONNECTIONS SECONDS
//
// Prints one JSON line: {"acknowledged", "refused", "seconds", "p50_ms", "p99_ms"}.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "duru/http/client.h"

namespace {

using SteadyClock = std::chrono::steady_clock;

struct Outcome {
  std::vector<double> latencies_ms;
  long refused = 0;
};

void run_connection(const duru::http::Address& address, const std::string& token, int number,
                    SteadyClock::time_point until, Outcome& outcome) {
  duru::http::HttpClient client(address, {.headers = {{"Authorization", "Bearer " + token},
                                                      {"Content-Type", "application/json"}}});
  for (long i = 0; SteadyClock::now() < until; ++i) {
    const std::string name = "b" + std::to_string(number) + "-" + std::to_string(i);
    const std::string body = R"({"name":")" + name + R"(","track":"gpu","command":["true"]})";
    const auto start = SteadyClock::now();
    const auto answer = client.request("POST", "/v1/projects/default/jobs", {}, body);
    const std::chrono::duration<double, std::milli> took = SteadyClock::now() - start;
    if (answer.ok() && answer.value().status == 201) {
      outcome.latencies_ms.push_back(took.count());
    } else {
      ++outcome.refused;
    }
  }
}

double quantile(const std::vector<double>& sorted, double q) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: bench_submit HOST:PORT TOKEN CONNECTIONS SECONDS\n");
    return 2;
  }
  const auto address = duru::http::parse_address(argv[1]);
  if (!address.ok()) {
    std::fprintf(stderr, "bench_submit: %s\n", address.error().message.c_str());
    return 2;
  }
  const int connections = std::atoi(argv[3]);
  const auto start = SteadyClock::now();
  const auto until = start + std::chrono::seconds(std::atoi(argv[4]));
  std::vector<Outcome> outcomes(static_cast<std::size_t>(connections));
  std::vector<std::thread> threads;
  for (int i = 0; i < connections; ++i) {
    threads.emplace_back(run_connection, address.value(), argv[2], i, until,
                         std::ref(outcomes[static_cast<std::size_t>(i)]));
  }
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> took = SteadyClock::now() - start;
  std::vector<double> all;
  long refused = 0;
  for (const Outcome& outcome : outcomes) {
    all.insert(all.end(), outcome.latencies_ms.begin(), outcome.latencies_ms.end());
    refused += outcome.refused;
  }
  std::sort(all.begin(), all.end());
  std::printf(
      "{\"acknowledged\":%zu,\"refused\":%ld,\"seconds\":%.3f,\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n",
      all.size(), refused, took.count(), quantile(all, 0.5), quantile(all, 0.99));
  return 0;
}

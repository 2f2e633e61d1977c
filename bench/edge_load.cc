// Devices of the field against a live server over HTTP: enrols them, lets each sync at its
// heartbeat, spread evenly, and reads from /proc what that costs the server.
//
//   bench_edge ADDRESS TOKEN SERVER_PID CA_FILE DEVICES HEARTBEAT_S MODE...
//
// ADDRESS is 127.0.0.1:PORT, or https://127.0.0.1:PORT with the server's CA in CA_FILE ("-": in
// clear). A server in TLS must listen on 0.0.0.0: it is reached at several addresses of this
// machine, as with one alone the kernel searches long for a free port of ours, at each of a
// thousand connections a second.
//
// First every device syncs until it has its release and has said that it serves, as fast as that
// goes; then each MODE has a round of its own, which is measured:
//
//   own    each device keeps a connection of its own where the server has a place for it, and makes
//          one for each sync where it has none, as duru-agent does; those that stay are made before
//   each   every sync has a connection of its own; in TLS with a whole handshake
//   few    8 connections carry all syncs
//
// Times count from when a sync was due. Prints JSON lines {"connections", "figure", "value",
// "unit"}, each as soon as it is known; on a terminal says on stderr what it does.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "duru/base/json.h"
#include "duru/base/sha256.h"
#include "duru/field/protocol.h"
#include "duru/http/client.h"

namespace {

using duru::http::Address;
using duru::http::ClientResponse;
using duru::http::HttpClient;
using SteadyClock = std::chrono::steady_clock;

constexpr int kEnrolConnections = 64;
constexpr int kFewConnections = 8;
constexpr int kLanes = 16;                  // threads, where connections are many
constexpr std::size_t kSpread = 1'000'003;  // a prime that divides no number of devices we take
constexpr char kJson[] = "application/json";

enum class Mode { kOwn, kEach, kFew };

struct Options {
  Address address;
  duru::http::ClientOptions client;
  std::string token;
  std::string pid;
  long devices = 0;
  std::chrono::seconds heartbeat{};

  HttpClient client_of(int lane) const {
    Address to = address;
    if (to.is_tls) to.host = "127.0.0." + std::to_string(1 + lane);
    return HttpClient(std::move(to), client);
  }
};

struct Device {
  std::string credential;
  std::int64_t revision = 0;
  std::string serving;
  std::optional<HttpClient> own;  // of a device that keeps its connection
};

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "bench_edge: %s\n", why.c_str());
  std::exit(1);
}

void say(const std::string& what) {
  if (::isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "bench_edge: %s\n", what.c_str());
}

Mode parse_mode(std::string_view text) {
  if (text == "own") return Mode::kOwn;
  if (text == "few") return Mode::kFew;
  if (text == "each") return Mode::kEach;
  give_up("no mode is called '" + std::string(text) + "'");
}

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  if (text.empty()) give_up("nothing can be read from " + path);
  return text;
}

double cpu_seconds(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/stat");
  std::string text((std::istreambuf_iterator<char>(in)), {});
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double memory_mb(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/status");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("VmRSS:", 0) == 0) return std::atof(line.c_str() + 6) / 1024;
  }
  give_up("the server is gone");
}

template <class Work>
void on_threads(int count, Work work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([i, &work] { work(i); });
  for (std::thread& thread : threads) thread.join();
}

ClientResponse expect(HttpClient& client, const std::string& token, const std::string& path,
                      const std::string& body) {
  const auto answer = client.request(
      "POST", path, {{"Authorization", "Bearer " + token}, {"Content-Type", kJson}}, body);
  if (!answer.ok()) give_up(answer.error().message);
  if (!answer.value().is_success()) give_up(path + ": " + answer.value().body);
  return answer.value();
}

// All that this process may have: a connection is one.
void allow_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// A fleet without nodes has its release at once; who joins gets it.
void prepare(const Options& options) {
  HttpClient client = options.client_of(0);
  expect(client, options.token, "/v1/apply",
         R"({"fleets":[{"name":"cameras","selector":{"bench":"edge"}}],)"
         R"("releases":[{"name":"one","command":["./run"],"probe":{"command":["./well"]}}],)"
         R"("rollouts":[{"name":"one-to-all","fleet":"cameras","release":"one"}]})");
}

void enrol(const Options& options, std::vector<Device>& devices) {
  on_threads(kEnrolConnections, [&](int thread) {
    HttpClient client = options.client_of(thread);
    for (std::size_t i = static_cast<std::size_t>(thread); i < devices.size();
         i += kEnrolConnections) {
      const auto made =
          expect(client, options.token, "/v1/enrolments", R"({"labels":{"bench":"edge"}})");
      const std::size_t at = made.body.find(R"("code":")") + 8;
      duru::EnrolRequest request;
      // Of a server that speaks TLS: CODE.FINGERPRINT, of which the code alone is said.
      request.code = made.body.substr(at, made.body.find_first_of("\".", at) - at);
      request.node = "device-" + std::to_string(i);
      devices[i].credential = duru::sha256(request.code + "/credential").hex();
      request.credential = devices[i].credential;
      request.chip = duru::ChipName("dx-m1");
      request.accelerators = 1;
      request.emulated = true;
      request.cpu = duru::MilliCpu(4000);
      request.memory = duru::Bytes(std::int64_t{1} << 30);
      expect(client, "", "/v1/field/enrol", to_json(request, duru::JsonForm::kSparse));
    }
  });
}

struct Heard {
  std::vector<double> latencies_ms;
  long refused = 0;
};

class Heartbeats {
 public:
  Heartbeats(const Options& options, std::vector<Device>& devices)
      : options_(options), devices_(devices), begun_(SteadyClock::now()) {}

  // One heartbeat of every device, from now on for as long as a heartbeat lasts.
  Heard round(Mode mode) {
    const SteadyClock::time_point begin = SteadyClock::now();
    const Heard all = sync_all(mode, [&](std::size_t i) {
      const auto due = begin + options_.heartbeat * static_cast<double>(i) /
                                   static_cast<double>(devices_.size());
      std::this_thread::sleep_until(due);
      return due;
    });
    std::this_thread::sleep_until(begin + options_.heartbeat);
    return all;
  }

  // The same as fast as it goes.
  Heard rush(Mode mode) {
    return sync_all(mode, [](std::size_t) { return SteadyClock::now(); });
  }

  void drop_own() {
    for (Device& device : devices_) device.own.reset();
  }

  // Lets devices sync, spread over all of them, until the server keeps no further connection: how
  // many have one.
  std::size_t make_own() {
    std::atomic<std::size_t> made = 0;
    on_threads(kLanes, [&](int lane) {
      HttpClient client = options_.client_of(lane);
      for (auto i = static_cast<std::size_t>(lane); i < devices_.size(); i += kLanes) {
        Device& device = devices_[i * kSpread % devices_.size()];
        if (!ask(client, Mode::kOwn, device).has_value()) give_up("a sync was refused");
        if (!device.own) return;
        ++made;
      }
    });
    return made;
  }

 private:
  // `wait(i)` lets the time pass until device i syncs, and answers when it was due.
  template <class Wait>
  Heard sync_all(Mode mode, Wait wait) {
    const int threads = mode == Mode::kFew ? kFewConnections : kLanes;
    std::vector<Heard> heard(static_cast<std::size_t>(threads));
    on_threads(threads, [&](int thread) {
      HttpClient client = options_.client_of(thread);
      const auto first = static_cast<std::size_t>(thread);
      for (std::size_t i = first; i < devices_.size(); i += static_cast<std::size_t>(threads)) {
        const auto due = wait(i);
        sync(client, mode, devices_[i], heard[first], due);
      }
    });
    Heard all;
    for (const Heard& some : heard) {
      all.latencies_ms.insert(all.latencies_ms.end(), some.latencies_ms.begin(),
                              some.latencies_ms.end());
      all.refused += some.refused;
    }
    std::sort(all.latencies_ms.begin(), all.latencies_ms.end());
    return all;
  }

  template <class Time>
  void sync(HttpClient& client, Mode mode, Device& device, Heard& heard, Time due) {
    const auto reply = ask(client, mode, device);
    const std::chrono::duration<double, std::milli> took = SteadyClock::now() - due;
    if (!reply.has_value()) {
      ++heard.refused;
      return;
    }
    heard.latencies_ms.push_back(took.count());
    const bool is_new = reply->revision.has_value() && reply->revision->number != device.revision;
    if (!is_new) return;
    device.revision = reply->revision->number;
    device.serving = reply->revision->current.name;
    if (!ask(client, mode, device).has_value()) ++heard.refused;
  }

  std::optional<duru::SyncReply> ask(HttpClient& client, Mode mode, Device& device) const {
    const auto up =
        std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - begun_);
    duru::SyncRequest request;
    request.boot_id = "0123456789abcdef0123456789abcdef";
    request.uptime = duru::Milliseconds(up.count());
    request.revision = device.revision;
    request.phase = device.revision > 0 ? duru::FieldPhase::kServing : duru::FieldPhase::kNone;
    request.serving = device.serving;
    request.counters.up = request.uptime;
    request.counters.inferences = up.count() / 100;
    duru::http::ClientRequest sent{
        .method = "POST",
        .target = "/v1/field/sync",
        .headers = {{"Authorization", "Bearer " + device.credential}, {"Content-Type", kJson}},
        .body = to_json(request, duru::JsonForm::kSparse)};
    if (mode == Mode::kEach) sent.headers.set("Connection", "close");
    const auto answer = (device.own ? *device.own : client).send(sent);
    if (!answer.ok() || answer.value().status != 200) return std::nullopt;
    if (mode == Mode::kOwn) keep(client, device, answer.value());
    auto reply = duru::from_json<duru::SyncReply>(answer.value().body);
    if (!reply.problems.empty()) return std::nullopt;
    return std::move(reply.value);
  }

  // The connection is the device's from now on, unless the server has no place for it.
  void keep(HttpClient& client, Device& device, const ClientResponse& answer) const {
    const std::string* connection = answer.headers.find("Connection");
    const bool is_kept = connection == nullptr || *connection != "close";
    if (is_kept == device.own.has_value()) return;
    if (!is_kept) return device.own.reset();
    device.own.emplace(std::exchange(client, HttpClient(client.address(), options_.client)));
  }

  const Options& options_;
  std::vector<Device>& devices_;
  const SteadyClock::time_point begun_;
};

double quantile(const std::vector<double>& sorted, double q) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))];
}

double seconds_since(SteadyClock::time_point begun) {
  return std::chrono::duration<double>(SteadyClock::now() - begun).count();
}

void print(const char* connections, const char* figure, double value, const char* unit) {
  std::printf("{\"connections\":\"%s\",\"figure\":\"%s\",\"value\":%.3f,\"unit\":\"%s\"}\n",
              connections, figure, value, unit);
  std::fflush(stdout);
}

void expect_none(long refused) {
  if (refused > 0) give_up(std::to_string(refused) + " syncs were refused");
}

void measure(const Options& options, Heartbeats& heartbeats, const char* name) {
  const Mode mode = parse_mode(name);
  if (mode == Mode::kOwn) {
    say("makes the connections that stay");
    print(name, "connections_kept", static_cast<double>(heartbeats.make_own()), "connections");
  }
  say(std::string("measures a heartbeat of all, connections: ") + name);
  const SteadyClock::time_point begun = SteadyClock::now();
  const double cpu_before = cpu_seconds(options.pid);
  const Heard heard = heartbeats.round(mode);
  const double took = seconds_since(begun);
  expect_none(heard.refused);
  print(name, "cpu_share", (cpu_seconds(options.pid) - cpu_before) / took, "cores");
  print(name, "memory_mb", memory_mb(options.pid), "MB");
  print(name, "sync_ms_p50", quantile(heard.latencies_ms, 0.5), "ms");
  print(name, "sync_ms_p99", quantile(heard.latencies_ms, 0.99), "ms");
  print(name, "syncs_per_second", static_cast<double>(heard.latencies_ms.size()) / took, "1/s");
  heartbeats.drop_own();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 8) {
    std::fprintf(stderr,
                 "usage: bench_edge ADDRESS TOKEN SERVER_PID CA_FILE|- DEVICES HEARTBEAT_S "
                 "own|each|few...\n");
    return 2;
  }
  const auto address = duru::http::parse_address(argv[1]);
  if (!address.ok()) give_up(address.error().message);
  Options options{address.value(),
                  {},
                  argv[2],
                  argv[3],
                  std::atol(argv[5]),
                  std::chrono::seconds(std::atol(argv[6]))};
  if (std::string_view(argv[4]) != "-") options.client.trust.ca_pem = read_file(argv[4]);
  options.client.trust.checks_name = false;  // a node believes its server's CA, wherever it moves
  for (int i = 7; i < argc; ++i) parse_mode(argv[i]);  // a wrong one is said before the work
  allow_open_files();
  std::vector<Device> devices(static_cast<std::size_t>(options.devices));
  prepare(options);
  say("enrols " + std::to_string(options.devices) + " devices");
  const SteadyClock::time_point begun = SteadyClock::now();
  enrol(options, devices);
  print("each", "enrolled_per_second", static_cast<double>(options.devices) / seconds_since(begun),
        "1/s");
  say("lets all sync, to get their release and say that it serves");
  Heartbeats heartbeats(options, devices);
  expect_none(heartbeats.rush(Mode::kFew).refused);
  for (int i = 7; i < argc; ++i) measure(options, heartbeats, argv[i]);
  return 0;
}

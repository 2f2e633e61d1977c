#include "duru/http/server.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <ctime>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "duru/http/connection.h"

namespace duru::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>,
                                         asio::io_context::executor_type>;

// So many connections beyond the limit are told so at a time; others are closed without a word.
constexpr std::size_t kRefusalsMax = 64;

// "Tue, 24 Nov 2026 22:51:32 GMT", in English whatever the locale.
std::string http_date(std::time_t now) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[utc.tm_wday], utc.tm_mday,
                     kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

// Deadlines are checked this often: fine enough for the shortest, rare enough to cost nothing.
std::chrono::milliseconds tick_of(const HttpLimits& limits) {
  const std::int64_t shortest = std::min({limits.request_read_max.value, limits.idle_max.value,
                                          limits.write_stall_max.value, limits.linger_max.value});
  return std::chrono::milliseconds(std::clamp<std::int64_t>(shortest / 4, 10, 500));
}

Error listen_error(const Address& address, const error_code& failure) {
  Error error = system_error("listen on " + address.str(), failure.value());
  error.retryable = false;
  return error;
}

}  // namespace

struct HttpServer::Core {
  asio::io_context io{1};
  ServerContext context;
  Address address;
  Acceptor acceptor{io};
  Timer tick{io};
  Timer accept_pause{io};
  Timer grace{io};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  std::thread thread;

  Status open(const Address& wanted);
  void accept();
  void admit(Socket socket);
  bool make_room(bool of_many);
  void run_tick();
  void begin_stop(Milliseconds grace_max);
  void end_if_empty();
};

Status HttpServer::Core::open(const Address& wanted) {
  error_code failure;
  const std::string host = wanted.host == "localhost" ? "127.0.0.1" : wanted.host;
  const auto ip = asio::ip::make_address(host, failure);
  if (failure) {
    return Error{ErrorCode::kInvalid,
                 "cannot listen on '" + wanted.host + "': give an IP address or localhost", false,
                 false};
  }
  const tcp::endpoint endpoint(ip, wanted.port);
  acceptor.open(endpoint.protocol(), failure);
  if (!failure) acceptor.set_option(Acceptor::reuse_address(true), failure);
  if (!failure) acceptor.bind(endpoint, failure);
  if (!failure) acceptor.listen(asio::socket_base::max_listen_connections, failure);
  if (failure) return listen_error(wanted, failure);
  const auto local = acceptor.local_endpoint(failure);
  if (failure) return listen_error(wanted, failure);
  address = Address{local.address().to_string(), local.port(), context.tls.has_value()};
  return ok_status();
}

void HttpServer::Core::accept() {
  acceptor.async_accept([this](const error_code& failure, Socket socket) {
    if (!acceptor.is_open()) return;
    if (!failure) {
      admit(std::move(socket));
      accept();
      return;
    }
    // Out of descriptors, most likely: asking again at once would only spin.
    accept_pause.expires_after(std::chrono::milliseconds(100));
    accept_pause.async_wait([this](const error_code& cancelled) {
      if (!cancelled && acceptor.is_open()) accept();
    });
  });
}

void HttpServer::Core::admit(Socket socket) {
  ++context.counters.connections_accepted;
  const std::size_t passing = context.places.passing();
  if (passing >= context.limits.connections_max + kRefusalsMax) {
    ++context.counters.connections_refused;
    return;
  }
  const bool is_one_too_many = passing >= context.limits.connections_max && !make_room(false);
  const auto connection = std::make_shared<Connection>(context, std::move(socket));
  context.places.enter(connection);
  ++context.counters.connections_open;
  if (is_one_too_many) {
    connection->start_refused();
  } else {
    connection->start();
  }
}

bool HttpServer::Core::make_room(bool of_many) {
  Connection* idlest = context.places.idlest(std::chrono::steady_clock::now(), of_many);
  if (idlest == nullptr) return false;
  ++context.counters.connections_displaced;
  idlest->close();
  return true;
}

void HttpServer::Core::run_tick() {
  context.date = http_date(std::time(nullptr));
  const auto now = std::chrono::steady_clock::now();
  for (const auto& connection : context.places.due(now)) connection->on_tick(now);
  if (!work) return;  // the last connection went with this tick, and the server is stopping
  tick.expires_after(tick_of(context.limits));
  tick.async_wait([this](const error_code& cancelled) {
    if (!cancelled && work) run_tick();
  });
}

void HttpServer::Core::begin_stop(Milliseconds grace_max) {
  context.stopping = true;
  error_code ignored;  // nothing is accepted any more either way
  acceptor.close(ignored);
  accept_pause.cancel();
  for (const auto& connection : context.places.all()) connection->begin_stop();
  grace.expires_after(std::chrono::milliseconds(grace_max.value));
  grace.async_wait([this](const error_code& cancelled) {
    if (cancelled) return;
    for (const auto& connection : context.places.all()) connection->close();
  });
  end_if_empty();
}

void HttpServer::Core::end_if_empty() {
  if (!context.stopping || !context.places.empty()) return;
  context.mailbox->close();
  grace.cancel();
  tick.cancel();
  work.reset();
}

HttpServer::HttpServer(std::unique_ptr<Core> core) : core_(std::move(core)) {}

HttpServer::~HttpServer() { stop(Milliseconds(0)); }

Result<std::unique_ptr<HttpServer>> HttpServer::listen(HttpServerOptions options, Router router) {
  auto core = std::make_unique<Core>();
  Core* raw = core.get();
  raw->context.limits = options.limits;
  raw->context.router = std::move(router);
  raw->context.gate = std::move(options.gate);
  raw->context.mailbox = std::make_shared<Mailbox>(
      [raw] { asio::post(raw->io, [mailbox = raw->context.mailbox] { mailbox->run_all(); }); });
  raw->context.left = [raw] { raw->end_if_empty(); };
  raw->context.make_room = [raw](bool of_many) { return raw->make_room(of_many); };
  if (options.tls) {
    auto tls = TlsContext::for_server(*options.tls);
    if (!tls.ok()) return tls.error();
    raw->context.tls = std::move(tls.value());
  }
  DURU_TRY(raw->open(options.address));
  raw->work.emplace(raw->io.get_executor());
  raw->accept();
  raw->run_tick();

  // The thread takes no signals: they are the main thread's, and a reader that leaves during
  // sendfile() must be an error, not a SIGPIPE.
  sigset_t all_signals;
  sigset_t before;
  sigfillset(&all_signals);
  pthread_sigmask(SIG_SETMASK, &all_signals, &before);
  try {
    raw->thread = std::thread([raw] { raw->io.run(); });
  } catch (const std::system_error& failure) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return system_error("start the server's thread", failure.code().value());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(core)));
}

Address HttpServer::address() const { return core_->address; }

HttpCounters HttpServer::counters() const {
  const auto& live = core_->context.counters;
  HttpCounters counters;
  counters.connections_accepted = live.connections_accepted;
  counters.connections_open = live.connections_open;
  counters.connections_kept = live.connections_kept;
  counters.connections_refused = live.connections_refused;
  counters.connections_displaced = live.connections_displaced;
  counters.requests = live.requests;
  counters.requests_refused = live.requests_refused;
  counters.streams_open = live.streams_open;
  counters.slow_readers_dropped = live.slow_readers_dropped;
  counters.tls_handshakes_failed = live.tls_handshakes_failed;
  return counters;
}

void HttpServer::stop(Milliseconds grace) {
  if (!core_->thread.joinable()) return;
  DURU_ASSERT(std::this_thread::get_id() != core_->thread.get_id());
  asio::post(core_->io, [core = core_.get(), grace] { core->begin_stop(grace); });
  core_->thread.join();
}

}  // namespace duru::http

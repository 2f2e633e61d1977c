// TLS on a socket that never waits: each call does what it can now and says what it waits for.
//
//   TlsSession tls = TlsSession::connect(context, fd, "127.0.0.1");
//   for (auto step = tls.handshake(); step.end != Step::End::kDone; step = tls.handshake()) {
//     … wait until fd can be read (kWantRead) or written (kWantWrite), or give up …
//   }
//
// A call that waits is made again with the same bytes, or more. Raises no signal. Used from one
// thread; a read and a write may both be waiting. Inside this folder.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "duru/base/result.h"
#include "duru/http/tls.h"

struct ssl_st;
struct ssl_ctx_st;

namespace duru::http {

// What the sessions of a server, or of a client, have in common.
class TlsContext {
 public:
  // kInvalid: no certificate, no key, or not its key.
  static Result<TlsContext> for_server(const TlsIdentity& identity);
  // kInvalid: `ca_pem` holds no certificate.
  static Result<TlsContext> for_client(const TlsTrust& trust);
  // Believes everyone: to look at what a server shows.
  static Result<TlsContext> for_onlooker();

 private:
  friend class TlsSession;
  explicit TlsContext(std::shared_ptr<ssl_ctx_st> context) : context_(std::move(context)) {}
  std::shared_ptr<ssl_ctx_st> context_;
  bool checks_name_ = false;
};

class TlsSession {
 public:
  struct Step {
    enum class End { kDone, kWantRead, kWantWrite, kEnded, kFailed };
    End end = End::kFailed;
    std::size_t bytes = 0;  // read or written, where kDone
  };

  // The descriptor stays the caller's, and open as long as calls are made.
  static TlsSession accept(const TlsContext& context, int fd);
  static TlsSession connect(const TlsContext& context, int fd, const std::string& host);

  Step handshake();
  Step read(char* into, std::size_t bytes_max);  // kEnded: the peer said that it ends
  Step write(std::string_view bytes);            // some of them
  bool has_bytes() const;                        // that were received and not yet read
  // kDone: there are bytes to read. What is not for the caller is dealt with on the way.
  Step look();
  // Says that we send nothing more, as far as that is possible without waiting.
  void end();

  // After kFailed: what was wrong, in words.
  const std::string& fault() const { return fault_; }
  // Among those that the peer has shown: PEM; "" if there is none with that fingerprint.
  std::string shown_certificate(std::string_view fingerprint) const;

 private:
  struct Free {
    void operator()(ssl_st* session) const;
  };
  TlsSession(const TlsContext& context, int fd);
  Step step_of(int result, std::size_t bytes);
  std::string describe_failure() const;

  std::unique_ptr<ssl_st, Free> session_;
  std::string host_;
  std::string fault_;
  bool broken_ = false;
};

}  // namespace duru::http

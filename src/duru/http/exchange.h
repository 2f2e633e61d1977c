// One request that waits for its answer: what the copies of a Responder share.
//
// The connection may die first, the server too; hence the weak pointer and the mailbox.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "duru/http/limits.h"
#include "duru/http/mailbox.h"
#include "duru/http/responder.h"
#include "duru/http/stream_core.h"

namespace duru::http {

// What a connection lets an exchange do; all on the server's thread. `number` is that of the
// request, so that an answer never meets another request of the same connection.
class AnswerTaker {
 public:
  virtual ~AnswerTaker() = default;
  virtual void take_answer(std::uint64_t number, Response response) = 0;
  virtual void take_stream(std::uint64_t number, Response head,
                           std::shared_ptr<StreamCore> stream) = 0;
  virtual void flush_stream(std::uint64_t number) = 0;
};

class Exchange {
 public:
  Exchange(std::uint64_t number, std::weak_ptr<AnswerTaker> taker, std::shared_ptr<Mailbox> mailbox,
           std::size_t stream_buffer_bytes_max)
      : number_(number),
        taker_(std::move(taker)),
        mailbox_(std::move(mailbox)),
        stream_buffer_bytes_max_(stream_buffer_bytes_max) {}
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  bool send(Response response);
  std::shared_ptr<StreamCore> stream(StreamHead head);

 private:
  const std::uint64_t number_;
  const std::weak_ptr<AnswerTaker> taker_;
  const std::shared_ptr<Mailbox> mailbox_;
  const std::size_t stream_buffer_bytes_max_;
  std::atomic<bool> answered_{false};
};

}  // namespace duru::http

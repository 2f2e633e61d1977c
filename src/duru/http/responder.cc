#include "duru/http/responder.h"

#include <utility>

#include "duru/http/exchange.h"
#include "duru/http/problem.h"

namespace duru::http {

Exchange::~Exchange() {
  if (answered_.load()) return;
  send(problem_response(
      {.status = 500,
       .type = "no-answer",
       .title = "The server gave no answer",
       .detail = "The request was dropped by mistake; it may have taken effect."}));
}

bool Exchange::send(Response response) {
  if (answered_.exchange(true)) return false;
  mailbox_->post([taker = taker_, number = number_, answer = std::move(response)]() mutable {
    if (const auto live = taker.lock()) live->take_answer(number, std::move(answer));
  });
  return true;
}

std::shared_ptr<StreamCore> Exchange::stream(StreamHead head) {
  auto core = std::make_shared<StreamCore>(stream_buffer_bytes_max_,
                                           [taker = taker_, number = number_, mailbox = mailbox_] {
                                             mailbox->post([taker, number] {
                                               if (const auto live = taker.lock())
                                                 live->flush_stream(number);
                                             });
                                           });
  if (answered_.exchange(true)) {
    core->die();
    return core;
  }
  Response response;
  response.status = head.status;
  response.headers = std::move(head.headers);
  response.headers.set("Content-Type", std::move(head.content_type));
  mailbox_->post([taker = taker_, number = number_, answer = std::move(response), core]() mutable {
    if (const auto live = taker.lock()) {
      live->take_stream(number, std::move(answer), core);
    } else {
      core->die();
    }
  });
  return core;
}

bool Responder::send(Response response) { return exchange_->send(std::move(response)); }

Stream Responder::stream(StreamHead head) { return Stream(exchange_->stream(std::move(head))); }

}  // namespace duru::http

// The way back to whoever asked: exactly one answer, from any thread, now or later.
//
//   [](std::shared_ptr<Request> request, Responder responder) {
//     loop.submit(parse(request->body), [responder](Reply reply) mutable {
//       responder.send(json_response(201, reply.json));
//     });
//   }
//
// Guarantees: the first send() or stream() of all copies counts, later ones change nothing and
// answer false (or a closed stream). Calling is safe after the connection or the server has gone.
// If the last copy goes without an answer, the caller gets a 500, not silence.
#pragma once

#include <memory>
#include <string>

#include "duru/http/headers.h"
#include "duru/http/response.h"
#include "duru/http/stream.h"

namespace duru::http {

class Exchange;

struct StreamHead {
  int status = 200;
  std::string content_type = "application/octet-stream";
  Headers headers = {};
};

class Responder {
 public:
  bool send(Response response);
  Stream stream(StreamHead head);

 private:
  friend class Connection;
  explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}

  std::shared_ptr<Exchange> exchange_;
};

}  // namespace duru::http

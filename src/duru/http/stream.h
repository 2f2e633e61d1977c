// A body that is written while it is being read: server-sent events, `logs -f`.
//
//   Stream stream = responder.stream({.content_type = "text/event-stream"});
//   if (!stream.write(sse_event("job", id, json))) return;  // the reader has gone
//   stream.close();
//
// Guarantees: all calls are safe from any thread and never wait for the reader (wait_room() alone
// does). What is written is sent in order. A reader that falls more than the limit's bytes behind
// is dropped and counted: write() answers false from then on. close() sends what is still
// buffered and ends the body properly; a stream whose last copy goes without close(), or that the
// server's stop cuts, ends without the final chunk, so that the reader can tell it is incomplete.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "duru/base/units.h"

namespace duru::http {

class StreamCore;

class Stream {
 public:
  // False when nobody reads any more, after close(), or when this write was one too many.
  bool write(std::string bytes);
  void close();
  // Nobody will see what is written: the reader left, was dropped, or the server stops.
  bool closed() const;

  std::size_t buffered_bytes() const;
  // Waits until half of the buffer is free; false when it is not by then or the stream is closed.
  // For threads that read faster than the reader; never on the server's thread.
  bool wait_room(Milliseconds at_most) const;
  // `call` holds no copy of the stream, or that copy would never be the last to go.
  // Runs once, on the server's thread, when the reader has gone before close(); at once, on this
  // thread, if it has gone already.
  void on_closed(std::function<void()> call);

 private:
  friend class Responder;
  explicit Stream(std::shared_ptr<StreamCore> core);

  struct LastCopy;
  std::shared_ptr<LastCopy> last_copy_;
};

}  // namespace duru::http

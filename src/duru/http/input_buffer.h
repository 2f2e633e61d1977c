// The bytes that a connection has received and not used yet, in one piece.
//
// prepare() may move them; a read that is under way points into room(), so prepare() is called only
// when none is. consume() moves nothing.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

namespace duru::http {

class InputBuffer {
 public:
  std::string_view view() const { return {bytes_.data() + begin_, end_ - begin_}; }
  void consume(std::size_t count) { begin_ += count; }
  void commit(std::size_t count) { end_ += count; }
  void clear() { begin_ = end_; }

  // Room for at least `count` more bytes; memory that a large body needed is given back.
  void prepare(std::size_t count) {
    const std::size_t used = end_ - begin_;
    if (used > 0 && begin_ > 0) std::memmove(bytes_.data(), bytes_.data() + begin_, used);
    begin_ = 0;
    end_ = used;
    if (bytes_.size() < used + count || bytes_.size() > 4 * (used + count)) {
      bytes_.resize(used + count);
      bytes_.shrink_to_fit();
    }
  }
  char* room() { return bytes_.data() + end_; }
  std::size_t room_bytes() const { return bytes_.size() - end_; }

 private:
  std::vector<char> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace duru::http

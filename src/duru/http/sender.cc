#include "duru/http/sender.h"

#include <sys/sendfile.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

namespace duru::http {
namespace {

// So much of a file goes out before other connections have their turn.
constexpr std::uint64_t kFileStepBytes = 256 * 1024;

}  // namespace

void Sender::send(std::string head, std::string body, std::optional<FileSlice> file, Done done) {
  parts_ = {std::move(head), std::move(body)};
  sent_bytes_ = {0, 0};
  file_ = std::move(file);
  done_ = std::move(done);
  progress();
  send_bytes();
}

void Sender::send_bytes() {
  const auto rest = [this](std::size_t i) {
    return boost::asio::const_buffer(parts_[i].data() + sent_bytes_[i],
                                     parts_[i].size() - sent_bytes_[i]);
  };
  socket_.async_write_some(
      std::array{rest(0), rest(1)},
      [this](const boost::system::error_code& failure, std::size_t written) {
        if (failure) return finish(false);
        progress();
        const std::size_t of_head = std::min(written, parts_[0].size() - sent_bytes_[0]);
        sent_bytes_[0] += of_head;
        sent_bytes_[1] += written - of_head;
        if (sent_bytes_[0] < parts_[0].size() || sent_bytes_[1] < parts_[1].size()) {
          return send_bytes();
        }
        if (file_ && file_->size_bytes > 0) return send_file();
        finish(true);
      });
}

void Sender::send_file() {
  auto offset = static_cast<off_t>(file_->offset_bytes);
  const ssize_t sent = ::sendfile(socket_.native_handle(), file_->fd->get(), &offset,
                                  std::min(file_->size_bytes, kFileStepBytes));
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
    socket_.async_wait(Socket::wait_write, [this](const boost::system::error_code& failure) {
      if (failure) return finish(false);
      send_file();
    });
    return;
  }
  // Nothing sent without an error: the file is shorter than the length that was announced.
  if (sent <= 0) return finish(false);
  progress();
  file_->offset_bytes += static_cast<std::uint64_t>(sent);
  file_->size_bytes -= static_cast<std::uint64_t>(sent);
  if (file_->size_bytes == 0) return finish(true);
  boost::asio::post(socket_.get_executor(), [this] {
    if (!socket_.is_open()) return finish(false);
    send_file();
  });
}

void Sender::finish(bool sent) {
  parts_ = {};
  file_.reset();
  const Done done = std::exchange(done_, nullptr);
  done(sent);
}

}  // namespace duru::http

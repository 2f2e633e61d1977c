#include "duru/http/sender.h"

#include <sys/sendfile.h>
#include <unistd.h>

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
  transport_.write_some(
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
  if (transport_.is_tls()) return load_file_piece();
  Socket& socket = transport_.socket();
  auto offset = static_cast<off_t>(file_->offset_bytes);
  const ssize_t sent = ::sendfile(socket.native_handle(), file_->fd->get(), &offset,
                                  std::min(file_->size_bytes, kFileStepBytes));
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
    socket.async_wait(Socket::wait_write, [this](const boost::system::error_code& failure) {
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
  boost::asio::post(socket.get_executor(), [this] {
    if (!transport_.is_open()) return finish(false);
    send_file();
  });
}

// The kernel cannot seal: the file comes through our own memory.
void Sender::load_file_piece() {
  std::string piece(std::min(file_->size_bytes, kFileStepBytes), '\0');
  const ssize_t got = ::pread(file_->fd->get(), piece.data(), piece.size(),
                              static_cast<off_t>(file_->offset_bytes));
  // Nothing read: the file is shorter than the length that was announced.
  if (got <= 0) return finish(false);
  piece.resize(static_cast<std::size_t>(got));
  file_->offset_bytes += piece.size();
  file_->size_bytes -= piece.size();
  parts_ = {std::move(piece), ""};
  sent_bytes_ = {0, 0};
  send_bytes();
}

void Sender::finish(bool sent) {
  parts_ = {};
  file_.reset();
  const Done done = std::exchange(done_, nullptr);
  done(sent);
}

}  // namespace duru::http

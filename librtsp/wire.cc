#include "librtsp/wire.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace camctl::rtsp {

int Wire::fd() const {
  if (fd_) return fd_.get();
  return socket_.is_open() ? const_cast<Socket&>(socket_).native_handle() : -1;
}

void Wire::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  tls_.reset();
  fd_.reset();
  queued_.clear();
  record_waits_ = false;
}

Result<void> Wire::leave_asio() {
  boost::system::error_code error;
  fd_ = os::Fd(socket_.release(error));
  if (error) return fail(ErrorCode::kIo, error.message());
  return {};
}

Result<tls::Transfer> Wire::read(std::span<std::uint8_t> buffer) {
  if (tls_) return tls_->read(buffer);
  const ssize_t count = ::recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count == 0) return tls::Transfer{.closed = true};
  if (count < 0) {
    if (errno == EAGAIN || errno == EINTR) return tls::Transfer{.need = tls::Need::kRead};
    return fail(ErrorCode::kNetwork, std::generic_category().message(errno));
  }
  const auto size = static_cast<std::size_t>(count);
  return tls::Transfer{.bytes = size, .need = size < buffer.size() ? tls::Need::kRead : tls::Need::kNone};
}

Result<tls::Transfer> Wire::write(std::span<const iovec> parts) {
  if (tls_) {
    const auto taken = tls_->write(parts);
    record_waits_ = taken && taken->need != tls::Need::kNone;
    return taken;
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  const ssize_t count = ::sendmsg(fd(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count < 0 && errno != EAGAIN && errno != EINTR)
    return fail(ErrorCode::kNetwork, std::generic_category().message(errno));
  std::size_t size = 0;
  for (const auto& part : parts) size += part.iov_len;
  const auto sent = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
  return tls::Transfer{.bytes = sent, .need = sent < size ? tls::Need::kWrite : tls::Need::kNone};
}

bool Wire::queue(std::string_view message) {
  if (queued_.size() + message.size() > kMostQueued) return false;
  queued_ += message;
  return true;
}

Result<tls::Need> Wire::flush() {
  while (!queued_.empty() || record_waits_) {
    const iovec part{queued_.data(), queued_.size()};
    const auto sent = write({&part, queued_.empty() ? 0u : 1u});
    if (!sent) return fail(sent.error());
    queued_.erase(0, sent->bytes);
    if (sent->need != tls::Need::kNone) return sent->need;
  }
  return tls::Need::kNone;
}

}  // namespace camctl::rtsp

#include "apps/serve/http/wire.h"

#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace camctl::apps::serve {
namespace {

bool try_later() { return errno == EAGAIN || errno == EWOULDBLOCK; }

tl::unexpected<Error> broken() { return fail(ErrorCode::kNetwork, std::generic_category().message(errno)); }

// What became of a call that should have sent `size` bytes.
Result<tls::Transfer> outcome(ssize_t sent, std::size_t size) {
  if (sent < 0 && !try_later()) return broken();
  const auto bytes = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
  return tls::Transfer{.bytes = bytes, .need = bytes < size ? tls::Need::kWrite : tls::Need::kNone};
}

}  // namespace

Result<void> Wire::secure(const std::shared_ptr<const tls::Context>& context) {
  auto session = tls::Session::server(context, socket_);
  if (!session) return fail(session.error());
  tls_ = std::move(*session);
  return {};
}

Result<tls::Transfer> Wire::read(std::span<char> buffer) {
  if (tls_) return tls_->read({reinterpret_cast<std::uint8_t*>(buffer.data()), buffer.size()});
  ssize_t got = 0;
  do got = ::recv(socket_, buffer.data(), buffer.size(), 0);
  while (got < 0 && errno == EINTR);
  if (got == 0) return tls::Transfer{.closed = true};
  if (got < 0 && !try_later()) return broken();
  const auto bytes = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  return tls::Transfer{.bytes = bytes, .need = bytes < buffer.size() ? tls::Need::kRead : tls::Need::kNone};
}

Result<tls::Transfer> Wire::write(std::span<const iovec> parts, bool more) {
  if (tls_) {
    auto taken = tls_->write(parts);
    record_waits_ = taken && taken->need != tls::Need::kNone;
    return taken;
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  std::size_t size = 0;
  for (const auto& part : parts) size += part.iov_len;
  ssize_t sent = 0;
  do sent = ::sendmsg(socket_, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
  while (sent < 0 && errno == EINTR);
  return outcome(sent, size);
}

Result<tls::Transfer> Wire::send_file(int file, std::size_t offset, std::size_t size) {
  auto from = static_cast<off_t>(offset);
  ssize_t sent = 0;
  do sent = ::sendfile(socket_, file, &from, size);
  while (sent < 0 && errno == EINTR);
  if (sent == 0) return fail(ErrorCode::kIo, "the file is shorter than it was written");
  return outcome(sent, size);
}

}  // namespace camctl::apps::serve

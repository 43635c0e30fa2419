#include "librtsp/datagrams.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

namespace camctl::rtsp {
namespace {

using boost::asio::ip::udp;
using boost::system::error_code;

constexpr int kSendBuffer = 1 << 20;  // a key frame to many readers at once
constexpr std::size_t kBatch = 64;    // datagrams in one system call
constexpr int kReceivesAtOnce = 64;   // then others have their turn
constexpr int kPortAttempts = 100;    // the kernel's choice must be even and its neighbour free

bool bind_socket(udp::socket& socket, const udp::endpoint& endpoint) {
  error_code error;
  socket.open(endpoint.protocol(), error);
  if (!error) socket.non_blocking(true, error);
  if (!error) socket.bind(endpoint, error);
  if (error) return false;
  socket.set_option(udp::socket::send_buffer_size(kSendBuffer), error);  // as much of it as there is
  return true;
}

}  // namespace

DatagramPorts::DatagramPorts(EventLoop& loop, Heard heard)
    : rtp_(loop.context()), rtcp_(loop.context()), heard_(std::move(heard)) {}

Result<std::shared_ptr<DatagramPorts>> DatagramPorts::open(EventLoop& loop,
                                                           const boost::asio::ip::address& address,
                                                           Heard heard) {
  std::shared_ptr<DatagramPorts> ports(new DatagramPorts(loop, std::move(heard)));
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    error_code ignored;
    ports->rtp_.close(ignored);
    ports->rtcp_.close(ignored);
    if (!bind_socket(ports->rtp_, {address, 0})) break;
    const auto port = ports->rtp_.local_endpoint(ignored).port();
    if (port == 0 || port % 2 != 0) continue;
    if (!bind_socket(ports->rtcp_, {address, static_cast<std::uint16_t>(port + 1)})) continue;
    ports->rtp_port_ = port;
    ports->listen(ports->rtp_);
    ports->listen(ports->rtcp_);
    return ports;
  }
  return fail(ErrorCode::kIo, "no pair of UDP ports is free on " + address.to_string());
}

void DatagramPorts::close() {
  error_code ignored;
  rtp_.close(ignored);
  rtcp_.close(ignored);
  heard_ = nullptr;
}

void DatagramPorts::listen(Socket& socket) {
  socket.async_wait(Socket::wait_read, [self = shared_from_this(), &socket](error_code error) {
    if (error || !self->heard_) return;
    std::array<std::uint8_t, 64> scratch;  // cut off: only the sender matters
    Endpoint from;
    for (int i = 0; i < kReceivesAtOnce; ++i) {
      socket.receive_from(boost::asio::buffer(scratch), from, 0, error);
      if (error == boost::asio::error::would_block || !socket.is_open()) break;
      if (!error && self->heard_) self->heard_(from);
    }
    if (socket.is_open()) self->listen(socket);
  });
}

bool DatagramPorts::send(const Burst& burst, const Endpoint& to) {
  const int fd = (burst.rtcp ? rtcp_ : rtp_).native_handle();
  std::array<mmsghdr, kBatch> messages{};
  std::array<std::array<iovec, 2>, kBatch> parts{};
  Endpoint receiver = to;
  for (std::size_t done = 0; done < burst.packets.size();) {
    const auto count = std::min(kBatch, burst.packets.size() - done);
    for (std::size_t i = 0; i < count; ++i) {
      const auto& packet = burst.packets[done + i];
      for (std::size_t k = 0; k < packet.parts; ++k) {
        const auto& part = burst.parts[packet.first_part + k];
        const auto skipped = k == 0 ? kInterleavedHeader : 0;
        parts[i][k] = {const_cast<std::uint8_t*>(burst.data(part)) + skipped, part.size - skipped};
      }
      auto& header = messages[i].msg_hdr;
      header.msg_name = receiver.data();
      header.msg_namelen = static_cast<socklen_t>(receiver.size());
      header.msg_iov = parts[i].data();
      header.msg_iovlen = packet.parts;
    }
    const int sent =
        ::sendmmsg(fd, messages.data(), static_cast<unsigned>(count), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == ECONNREFUSED) {  // an earlier datagram's ICMP answer; reported once
      ++done;
      continue;
    }
    if (sent <= 0) return false;
    done += static_cast<std::size_t>(sent);
  }
  return true;
}

}  // namespace camctl::rtsp

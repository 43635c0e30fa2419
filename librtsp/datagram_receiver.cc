#include "librtsp/datagram_receiver.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/ip/udp.hpp>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/os/interfaces.h"

namespace camctl::rtsp {
namespace {

using boost::asio::ip::udp;

// A key frame of a 4K camera comes as a burst of some hundred packets between two looks.
constexpr int kReceiveBuffer = 2 << 20;
constexpr int kBindAttempts = 50;
// Datagrams taken in one look before other cameras get their turn.
constexpr int kMostPerLook = 2048;

os::Fd open_socket(const udp::endpoint& local, bool shared = false) {
  os::Fd fd(::socket(local.protocol().family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fd;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  constexpr int kOn = 1;
  if (shared) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &kOn, sizeof kOn);
  if (::bind(fd.get(), local.data(), static_cast<socklen_t>(local.size())) != 0) fd.reset();
  return fd;
}

std::uint16_t local_port(int fd) {
  udp::endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  if (::getsockname(fd, endpoint.data(), &size) != 0) return 0;
  endpoint.resize(size);
  return endpoint.port();
}

unsigned interface_of(const boost::asio::ip::address& local) {
  const auto all = os::interface_addresses();
  if (!all) return 0;
  const auto text = local.to_string();
  for (const auto& one : *all)
    if (one.address.to_string() == text) return one.index;
  // Any other address of 127.0.0.0/8 is the loopback interface's, too.
  for (const auto& one : *all)
    if (one.loopback && local.is_loopback()) return one.index;
  return 0;
}

// RFC 3678 §5: one form for both families.
bool join_group(int fd, unsigned interface, const DatagramReceiver::Group& group) {
  const udp::endpoint to(group.address, 0);
  const int level = group.address.is_v4() ? IPPROTO_IP : IPPROTO_IPV6;
  if (group.source.is_unspecified()) {
    group_req request{};
    request.gr_interface = interface;
    std::memcpy(&request.gr_group, to.data(), to.size());
    return ::setsockopt(fd, level, MCAST_JOIN_GROUP, &request, sizeof request) == 0;
  }
  const udp::endpoint from(group.source, 0);
  group_source_req request{};
  request.gsr_interface = interface;
  std::memcpy(&request.gsr_group, to.data(), to.size());
  std::memcpy(&request.gsr_source, from.data(), from.size());
  return ::setsockopt(fd, level, MCAST_JOIN_SOURCE_GROUP, &request, sizeof request) == 0;
}

}  // namespace

DatagramReceiver::DatagramReceiver(EventLoop& loop, boost::asio::ip::address peer, Packet rtp, Packet rtcp)
    : loop_(loop),
      poller_(MediaPoller::of(loop)),
      peer_(std::move(peer)),
      source_(peer_),
      rtcp_(std::move(rtcp)),
      reorder_(std::make_shared<ReorderBuffer>(
          [this, alive = alive_, rtp = std::move(rtp)](media::ByteView packet) {
            if (*alive) rtp(packet, now_);
          })) {}

DatagramReceiver::~DatagramReceiver() {
  *alive_ = false;
  if (rtp_fd_) poller_.remove(rtp_fd_.get());
  if (rtcp_fd_) poller_.remove(rtcp_fd_.get());
}

Result<std::unique_ptr<DatagramReceiver>> DatagramReceiver::open(EventLoop& loop,
                                                                 const boost::asio::ip::address& local,
                                                                 const boost::asio::ip::address& peer,
                                                                 Packet rtp, Packet rtcp) {
  std::unique_ptr<DatagramReceiver> receiver(
      new DatagramReceiver(loop, peer, std::move(rtp), std::move(rtcp)));
  if (auto bound = receiver->bind(local); !bound) return fail(bound.error());
  return receiver;
}

// The kernel picks a port; where it is odd, or the next one is taken, another is tried.
Result<void> DatagramReceiver::bind(const boost::asio::ip::address& local) {
  for (int attempt = 0; attempt < kBindAttempts; ++attempt) {
    os::Fd first = open_socket({local, 0});
    const auto port = first ? local_port(first.get()) : std::uint16_t{0};
    if (port == 0 || port % 2 != 0) continue;
    os::Fd second = open_socket({local, static_cast<std::uint16_t>(port + 1)});
    if (!second) continue;
    port_ = port;
    rtp_fd_ = std::move(first);
    rtcp_fd_ = std::move(second);
    poller_.add(loop_, rtp_fd_.get(), *this);
    poller_.add(loop_, rtcp_fd_.get(), *this);
    return {};
  }
  return fail(ErrorCode::kIo, fmt::format("no pair of UDP ports is free on {}", local.to_string()));
}

Result<std::unique_ptr<DatagramReceiver>> DatagramReceiver::join(EventLoop& loop,
                                                                 const boost::asio::ip::address& local,
                                                                 const boost::asio::ip::address& peer,
                                                                 const Group& group, Packet rtp,
                                                                 Packet rtcp) {
  std::unique_ptr<DatagramReceiver> receiver(
      new DatagramReceiver(loop, peer, std::move(rtp), std::move(rtcp)));
  if (!group.source.is_unspecified()) receiver->source_ = group.source;
  const auto interface = interface_of(local);
  // Bound to the group itself: what others send to these ports does not even get here. Several receivers on
  // this host may share them.
  for (const auto& [port, fd] :
       {std::pair(group.rtp_port, &receiver->rtp_fd_), std::pair(group.rtcp_port, &receiver->rtcp_fd_)}) {
    os::Fd socket = open_socket({group.address, port}, true);
    if (!socket || !join_group(socket.get(), interface, group))
      return fail(ErrorCode::kIo,
                  fmt::format("joining {} port {} from {}: {}", group.address.to_string(), port,
                              local.to_string(), std::generic_category().message(errno)));
    *fd = std::move(socket);
    receiver->poller_.add(loop, fd->get(), *receiver);
  }
  receiver->port_ = group.rtp_port;
  return receiver;
}

void DatagramReceiver::send(int fd, std::uint16_t port, media::ByteView packet) {
  const udp::endpoint to(peer_, port);
  ::sendto(fd, packet.data(), packet.size(), MSG_NOSIGNAL, to.data(), static_cast<socklen_t>(to.size()));
}

void DatagramReceiver::set_peer_ports(std::uint16_t rtp, std::uint16_t rtcp) {
  peer_rtp_ = rtp;
  peer_rtcp_ = rtcp;
  constexpr std::array<std::uint8_t, 12> kEmptyRtp = {0x80};
  constexpr std::array<std::uint8_t, 8> kEmptyReport = {0x80, 201, 0, 1};
  if (peer_rtp_ != 0) send(rtp_fd_.get(), peer_rtp_, kEmptyRtp);
  if (peer_rtcp_ != 0) send(rtcp_fd_.get(), peer_rtcp_, kEmptyReport);
}

void DatagramReceiver::send_rtcp(media::ByteView packet) {
  if (peer_rtcp_ != 0) send(rtcp_fd_.get(), peer_rtcp_, packet);
}

bool DatagramReceiver::on_readable(int fd, std::span<std::uint8_t> scratch,
                                   std::chrono::steady_clock::time_point now) {
  const auto alive = alive_;
  const auto reorder = reorder_;
  const bool is_rtp = fd == rtp_fd_.get();
  now_ = now;
  for (int i = 0; i < kMostPerLook && *alive; ++i) {
    udp::endpoint from;
    auto size = static_cast<socklen_t>(from.capacity());
    const ssize_t count = ::recvfrom(fd, scratch.data(), scratch.size(), 0, from.data(), &size);
    if (count < 0 && errno == EAGAIN) return false;
    if (count < 0) continue;  // an ICMP error that says nothing new
    from.resize(size);
    if (from.address() != peer_ && from.address() != source_) continue;
    const auto packet = media::ByteView(scratch).first(static_cast<std::size_t>(count));
    if (is_rtp)
      reorder->push(packet, now);
    else
      rtcp_(packet, now);
  }
  return *alive;
}

}  // namespace camctl::rtsp

// The receiving side of one track over UDP: a pair of ports, reordering, receiver reports.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/os/fd.h"
#include "base/result.h"
#include "librtsp/media_poller.h"
#include "librtsp/reorder_buffer.h"

namespace camctl::rtsp {

// Takes datagrams from the server, and from the other address that it may name as their source, only. All
// calls on the loop's thread.
class DatagramReceiver final : private MediaPoller::Handler {
 public:
  using Packet = std::function<void(media::ByteView packet, std::chrono::steady_clock::time_point arrival)>;

  // Binds an even port and the next one (RFC 3550 §11) on `local`. `rtp` gets packets in order. Either may
  // destroy this receiver. kIo where no pair is free.
  static Result<std::unique_ptr<DatagramReceiver>> open(EventLoop& loop,
                                                        const boost::asio::ip::address& local,
                                                        const boost::asio::ip::address& peer, Packet rtp,
                                                        Packet rtcp);
  // Where a track is sent to all who want it.
  struct Group {
    boost::asio::ip::address address;  // of multicast
    std::uint16_t rtp_port = 0, rtcp_port = 0;
    boost::asio::ip::address source;  // joined for this sender only (SSM, RFC 4607); unspecified: for any
  };
  // Joins `group` on the interface that has the address `local`. Nothing is ever sent there. kIo.
  static Result<std::unique_ptr<DatagramReceiver>> join(EventLoop& loop,
                                                        const boost::asio::ip::address& local,
                                                        const boost::asio::ip::address& peer,
                                                        const Group& group, Packet rtp, Packet rtcp);
  ~DatagramReceiver() override;

  std::uint16_t port() const { return port_; }
  // The server's ports: sends them an empty packet, so that firewalls between let the answers through.
  void set_peer_ports(std::uint16_t rtp, std::uint16_t rtcp);
  // Where the server says that its packets come from (RFC 2326 §12.39, source). Nothing is sent there: a
  // server must not make us send to others.
  void accept_from(const boost::asio::ip::address& source) { source_ = source; }
  void send_rtcp(media::ByteView packet);
  // See MediaPoller.
  void set_hurry(bool hurry) { poller_.set_hurry(rtp_fd_.get(), hurry); }

 private:
  DatagramReceiver(EventLoop& loop, boost::asio::ip::address peer, Packet rtp, Packet rtcp);
  Result<void> bind(const boost::asio::ip::address& local);
  void send(int fd, std::uint16_t port, media::ByteView packet);
  bool on_readable(int fd, std::span<std::uint8_t> scratch,
                   std::chrono::steady_clock::time_point now) override;

  EventLoop& loop_;
  MediaPoller& poller_;
  const boost::asio::ip::address peer_;
  boost::asio::ip::address source_;
  Packet rtcp_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::shared_ptr<ReorderBuffer> reorder_;  // kept by a call of it that ends this receiver
  std::chrono::steady_clock::time_point now_;
  os::Fd rtp_fd_, rtcp_fd_;
  std::uint16_t port_ = 0, peer_rtp_ = 0, peer_rtcp_ = 0;
};

}  // namespace camctl::rtsp

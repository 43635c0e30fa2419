// The UDP side of the server: one pair of ports for the RTP and RTCP of all its sessions.
#pragma once

#include <boost/asio/ip/udp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/event_loop.h"
#include "base/result.h"
#include "librtsp/rtp.h"

namespace camctl::rtsp {

// An even port and the next one (RFC 3550 §11). All calls on the loop's thread.
class DatagramPorts : public std::enable_shared_from_this<DatagramPorts> {
 public:
  using Endpoint = boost::asio::ip::udp::endpoint;
  // What arrives only proves that a receiver is alive; its content is not looked at.
  using Heard = std::function<void(const Endpoint& from)>;

  // kIo where no pair can be bound.
  static Result<std::shared_ptr<DatagramPorts>> open(EventLoop& loop, const boost::asio::ip::address& address,
                                                     Heard heard);
  void close();

  std::uint16_t rtp_port() const { return rtp_port_; }

  // Sends the packets of `burst`; `to` has the receiver's RTP (or, for reports, RTCP) port. What does not fit
  // into the socket's buffer is lost, as datagrams are; false then.
  bool send(const Burst& burst, const Endpoint& to);

 private:
  using Socket = boost::asio::ip::udp::socket;
  DatagramPorts(EventLoop& loop, Heard heard);
  void listen(Socket& socket);

  Socket rtp_, rtcp_;
  std::uint16_t rtp_port_ = 0;
  Heard heard_;
};

}  // namespace camctl::rtsp

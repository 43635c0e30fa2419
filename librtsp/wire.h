// The bytes of one RTSP connection: TCP, or TLS on it.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/os/fd.h"
#include "base/result.h"
#include "base/tls.h"

namespace camctl::rtsp {

// Never blocks: who calls waits for readiness, by Asio or the media poller. All calls on the loop's thread.
class Wire {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  explicit Wire(boost::asio::io_context& context) : socket_(context) {}
  explicit Wire(Socket socket) : socket_(std::move(socket)) {}

  Socket& socket() { return socket_; }  // Asio's, until leave_asio()
  bool open() const { return fd() >= 0; }
  int fd() const;
  void close();
  // Takes the socket out of Asio, which would wake for each packet.
  Result<void> leave_asio();

  void secure(std::unique_ptr<tls::Session> session) { tls_ = std::move(session); }
  tls::Session* tls() { return tls_.get(); }

  // As tls::Session::read(), also in the clear. With room for a record of TLS, `need` is set if and only if
  // nothing more can be read now. kNetwork, kProtocol.
  Result<tls::Transfer> read(std::span<std::uint8_t> buffer);
  // As tls::Session::write(), also in the clear.
  Result<tls::Transfer> write(std::span<const iovec> parts);
  // What write() has taken waits inside: call it again, if need be without parts.
  bool record_waits() const { return record_waits_; }

  // For messages: keeps what can't be sent yet, for flush(). False, and nothing is kept, where more than
  // kMostQueued bytes wait already: the peer has stopped reading.
  bool queue(std::string_view message);
  // kNone: all is sent.
  Result<tls::Need> flush();

  static constexpr std::size_t kMostQueued = 64u << 10;  // requests have below 1 KiB

 private:
  Socket socket_;
  os::Fd fd_;  // the socket, once it has left Asio
  std::unique_ptr<tls::Session> tls_;
  std::string queued_;
  bool record_waits_ = false;
};

}  // namespace camctl::rtsp

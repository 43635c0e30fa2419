// The server's side of a tunnel: the connection of the GET is the session's, that of the POST feeds it.
#include <fmt/format.h>

#include "librtsp/connection.h"
#include "librtsp/http_tunnel.h"

namespace camctl::rtsp {
namespace {

constexpr std::size_t kMaxBehindHeld = 64u << 10;  // requests that come while a DESCRIBE waits for its camera

}  // namespace

bool Connection::speaks_http(std::string_view data) {
  return data.starts_with("GET /") || data.starts_with("POST /");
}

std::size_t Connection::begin_tunnel(std::string_view data) {
  HttpHead head;
  const auto size = parse_http_head(data, head);
  if (size && *size == 0) return 0;
  const auto cookie = size ? head.header(kCookieHeader) : std::string_view{};
  if (cookie.empty() || cookie.size() > kMaxTunnelCookie || cookie_) {
    refuse_tunnel(size ? "400 Bad Request" : "431 Request Header Fields Too Large");
    return data.size();
  }
  last_heard_ = Clock::now();
  auto other = host_->find_tunnel(cookie, peer_address());
  if (head.method == "GET") {
    if (other) {
      refuse_tunnel("409 Conflict");
      return data.size();
    }
    cookie_ = cookie;
    queue(
        fmt::format("HTTP/1.0 200 OK\r\nServer: {}\r\nConnection: close\r\nCache-Control: no-store\r\n"
                    "Pragma: no-cache\r\nContent-Type: {}\r\n\r\n",
                    host_->options().server_name, kTunnelType));
    return *size;
  }
  if (!other) {
    refuse_tunnel("404 Not Found");
    return data.size();
  }
  upstream_of_ = other;
  return *size;
}

void Connection::refuse_tunnel(std::string_view status) {
  queue(fmt::format("HTTP/1.0 {}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", status));
  close();
}

void Connection::feed_tunnel(std::string_view text) {
  const auto session = upstream_of_->lock();
  auto bytes = decoder_.decode(text);
  if (!session || session->closed_ || !bytes) return close();
  last_heard_ = Clock::now();
  if (!session->holding_) return session->consume(*bytes);
  if (session->inbox_.size() + bytes->size() > kMaxBehindHeld) return close();
  session->inbox_ += *bytes;
}

bool Connection::has_tunnel(std::string_view cookie, const boost::asio::ip::address& peer) const {
  return cookie_ && *cookie_ == cookie && peer_address() == peer;
}

boost::asio::ip::address Connection::peer_address() const {
  boost::system::error_code error;
  return const_cast<Wire&>(wire_).socket().remote_endpoint(error).address();
}

}  // namespace camctl::rtsp

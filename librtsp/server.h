// An RTSP server (RFC 2326; TCP-interleaved RTP first): restreaming in `serve`, the cameras of `simulate`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest_auth.h"
#include "base/event_loop.h"
#include "base/media/access_unit.h"
#include "base/media/stream_info.h"
#include "base/result.h"

namespace camctl::rtsp {

// A stream that readers can attach to. Packetized once, whoever reads. All calls on the loop's thread.
class Feed {
 public:
  explicit Feed(media::StreamInfoPtr info);
  ~Feed();

  // Packetizes the unit (RFC 6184, 7798, 3640, 3551) and queues it to every reader. A reader joins at a key
  // frame; one that does not read loses whole groups of pictures, never parts of a frame.
  void push(const media::AccessUnit& unit);
  // Ends every reader's session (TCP is closed), e.g. a camera that reboots.
  void close_readers();
  std::size_t readers() const;

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

struct ServerOptions {
  std::string address = "127.0.0.1";  // literal IPv4 or IPv6
  std::uint16_t port = 8554;
  std::vector<DigestAlgorithm> digest;  // empty and !basic: anybody may read
  bool basic = false;
  Credentials credentials;
  std::string server_name = "camctl";
  std::size_t max_sessions = 1000;
};

// Listens on one address. All calls on the loop's thread.
class Server {
 public:
  // Finds the feed for a path such as "/live/channel0"; null: 404. Called at DESCRIBE and SETUP.
  using Lookup = std::function<Feed*(std::string_view path)>;

  // kIo with the address when it can't listen.
  static Result<std::unique_ptr<Server>> listen(EventLoop& loop, ServerOptions options, Lookup lookup);
  ~Server();  // closes every session

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace camctl::rtsp

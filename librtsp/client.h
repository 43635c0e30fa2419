// Cameras as media sources over RTSP (RFC 2326), the main way in; libhls/ffmpeg_source.h is the fallback.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/event_loop.h"
#include "base/media/source.h"
#include "base/secret.h"
#include "base/url.h"

namespace camctl::rtsp {

// The media sockets of one loop. They stay out of Asio's reactor, which wakes for each packet: an epoll set
// of their own is looked at in ticks, so that the cost of a camera follows its bytes and not its packets.
// All calls on the loop's thread. Must outlive every source that was started with it.
class MediaPoller {
 public:
  // Between two looks while nobody waits for this loop's cameras, and while somebody does.
  static constexpr std::chrono::milliseconds kIdleTick{20};
  static constexpr std::chrono::milliseconds kBusyTick{5};

  explicit MediaPoller(EventLoop& loop);
  ~MediaPoller();

  // A viewer waits for frames as they come (a held request, a WebSocket): kBusyTick until as many unhurry().
  void hurry();
  void unhurry();

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

struct ClientOptions {
  Url url;                  // rtsp; its own credentials are used where `credentials` is empty
  Credentials credentials;  // for url.host only: a redirect to another host gets none
  enum class Transport : std::uint8_t {
    kAuto,  // TCP, and UDP where the server refuses it
    kTcp,
    kUdp,
  } transport = Transport::kAuto;
  bool audio = true;                        // set up the audio track as well
  std::chrono::milliseconds timeout{5000};  // for each step until the first packet
  std::string user_agent = "camctl";
};

// One session, see media::Source. on_end says kAuth where credentials are needed or refused, kUnsupported
// where the stream has no track that we can take apart (the caller's fallback may), kNotFound for 404,
// kTimeout, kNetwork, kProtocol. Keep-alive is sent at half the session's time-out (RFC 2326 §12.37).
std::unique_ptr<media::Source> make_source(MediaPoller& poller, ClientOptions options);

}  // namespace camctl::rtsp

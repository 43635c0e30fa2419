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
std::unique_ptr<media::Source> make_source(ClientOptions options);

}  // namespace camctl::rtsp

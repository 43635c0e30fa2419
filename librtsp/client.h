// Cameras as media sources over RTSP (RFC 2326), the main way in; libhls/ffmpeg_source.h is the fallback.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/event_loop.h"
#include "base/media/source.h"
#include "base/secret.h"
#include "base/tls.h"
#include "base/url.h"

namespace camctl::rtsp {

struct ClientOptions {
  Url url;                  // rtsp or rtsps; its own credentials are used where `credentials` is empty
  Credentials credentials;  // for url.host only: a redirect to another host gets none
  enum class Transport : std::uint8_t {
    kAuto,  // TCP, and UDP where the server refuses it
    kTcp,
    kUdp,
    kMulticast,
    kHttp,  // RTSP and media inside HTTP, on the URL's port; where it names none, on port 80 (TLS: 443)
  } transport = Transport::kAuto;
  bool audio = true;  // set up the audio track as well
  // If set, the ONVIF metadata track is set up as well, where there is one, and each of its XML documents
  // given to this, on the loop's thread: units of TrackKind::kMetadata, times in the camera's own clock rate.
  std::function<void(media::AccessUnit)> metadata;
  std::chrono::milliseconds timeout{5000};  // for each step until the first packet
  std::string user_agent = "camctl";
  // rtsps: the key that the camera must have. Cameras sign their certificates themselves, so that without a
  // pin the connection is encrypted but may be anybody's; `unverified` is then called with what was shown.
  std::optional<tls::KeyPin> tls_pin;
  std::function<void(const tls::KeyPin&)> unverified;
};

// One session, see media::Source. on_end says kAuth where credentials are needed or refused, or the camera
// has another key than the pinned one (it has seen no credentials then), kUnsupported where the stream has no
// track that we can take apart (the caller's fallback may), kNotFound for 404, kTimeout, kNetwork, kProtocol.
// Keep-alive is sent at half the session's time-out (RFC 2326 §12.37).
std::unique_ptr<media::Source> make_source(ClientOptions options);

}  // namespace camctl::rtsp

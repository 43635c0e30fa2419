#include "apps/media/camera_source.h"

#include <memory>
#include <optional>
#include <utility>

#include "apps/media/fallback_source.h"
#include "base/log.h"
#include "base/tls.h"
#include "libhls/encoder_choice.h"
#include "libhls/ffmpeg_source.h"
#include "librtsp/client.h"

namespace camctl::apps {
namespace {

// Both clients name the same three; the fallback knows no others.
template <class Transport>
Transport transport_of(const std::string& name) {
  if (name == "tcp") return Transport::kTcp;
  if constexpr (requires { Transport::kMulticast; }) {
    if (name == "multicast") return Transport::kMulticast;
    if (name == "http") return Transport::kHttp;
  }
  return name == "udp" ? Transport::kUdp : Transport::kAuto;
}

media::SourceFactory by_libavformat(const CameraAddress& address, const StreamSettings& settings) {
  hls::FfmpegSourceOptions options;
  options.url = address.url;
  options.credentials = address.credentials;
  options.transport = transport_of<hls::FfmpegSourceOptions::Transport>(settings.transport);
  options.timeout = address.timeout;
  return [options] { return hls::make_ffmpeg_source(options); };
}

// A certificate that nobody vouches for is said once, with what to write to be sure from then on.
auto say_once(const std::string& host) {
  return [host, said = std::make_shared<bool>(false)](const tls::KeyPin& pin) {
    if (std::exchange(*said, true)) return;
    log::get().warn("{}: TLS without proof of who answers; to be sure from now on, set tls_pin to {}", host,
                    pin.to_string());
  };
}

media::SourceFactory by_librtsp(const CameraAddress& address, const StreamSettings& settings,
                                std::optional<tls::KeyPin> pin) {
  rtsp::ClientOptions options;
  options.url = address.url;
  options.credentials = address.credentials;
  options.transport = transport_of<rtsp::ClientOptions::Transport>(settings.transport);
  options.timeout = address.timeout;
  options.tls_pin = pin;
  options.unverified = say_once(address.url.host);
  return [options] { return rtsp::make_source(options); };
}

bool is_camera_scheme(const std::string& scheme) {
  return scheme == "rtsp" || scheme == "rtsps" || scheme == "http" || scheme == "https";
}

}  // namespace

Result<media::SourceFactory> camera_source(const CameraAddress& address, const StreamSettings& settings) {
  if (!is_camera_scheme(address.url.scheme))
    return fail(ErrorCode::kConfig, address.url.scheme + ":// is no address of a camera",
                "use rtsp, rtsps, http or https");
  std::optional<tls::KeyPin> pin;
  if (!settings.tls_pin.empty()) {
    const auto parsed = tls::KeyPin::parse(settings.tls_pin);
    if (!parsed) return fail("tls_pin", parsed.error());
    pin = *parsed;
  }
  const bool over_rtsp = address.url.scheme == "rtsp" || address.url.scheme == "rtsps";
  // libavformat would not look at the key.
  if (pin && !over_rtsp)
    return fail(ErrorCode::kConfig,
                "tls_pin: the key of a camera is proved over rtsps only, not over " + address.url.scheme,
                "take the pin away, or the camera's rtsps address");
  media::SourceFactory plain = pin ? by_librtsp(address, settings, pin) : by_libavformat(address, settings);
  if (over_rtsp && !pin) plain = with_fallback(by_librtsp(address, settings, pin), std::move(plain));
  if (settings.video_codec == "copy") return plain;

  const auto encoder = hls::choose_encoder(settings.video_encoder);
  if (!encoder) return fail("video_encoder", encoder.error());
  log::get().info("{}: transcoded by {}", address.url.host, encoder->name);
  hls::TranscodeOptions transcode;
  transcode.name = address.url.host;
  transcode.encoder = encoder->name;
  transcode.bitrate = static_cast<std::uint32_t>(settings.bitrate);
  transcode.maxrate = static_cast<std::uint32_t>(settings.maxrate);
  transcode.preset = settings.preset;
  transcode.height = static_cast<std::uint16_t>(settings.height);
  transcode.key_interval = settings.segment_duration;
  return hls::transcoded(std::move(plain), transcode);
}

hls::StreamOptions stream_options(const std::string& id, const Url& url, const StreamSettings& settings) {
  hls::StreamOptions options;
  options.id = id;
  options.window.segment_duration = settings.segment_duration;
  options.window.segments = static_cast<std::size_t>(settings.segments);
  options.audio_bitrate = static_cast<std::uint32_t>(settings.audio_bitrate);
  options.probe_host = url.host;
  options.probe_port = url.effective_port();
  return options;
}

}  // namespace camctl::apps

#include "librtsp/sdp.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "librtsp/packetizer.h"

namespace camctl::rtsp {
namespace {

using media::Codec;

constexpr std::uint32_t kOpusClock = 48'000;  // whatever its sample rate (RFC 7587 §4.1)
constexpr std::uint32_t kG711Clock = 8'000;

std::string hex(const media::Bytes& bytes) {
  std::string out;
  for (const auto byte : bytes) out += fmt::format("{:02X}", byte);
  return out;
}

std::string video_format(const media::VideoInfo& video) {  // the parameters of RFC 6184 §8.1, RFC 7798 §7.1
  if (video.codec == Codec::kH264) {
    std::string format = "packetization-mode=1";
    if (video.sps.size() > 3 && !video.pps.empty())
      format += fmt::format(";profile-level-id={:02X}{:02X}{:02X};sprop-parameter-sets={},{}", video.sps[1],
                            video.sps[2], video.sps[3], base64_encode(video.sps), base64_encode(video.pps));
    return format;
  }
  if (video.vps.empty() || video.sps.empty() || video.pps.empty()) return {};
  return fmt::format("sprop-vps={};sprop-sps={};sprop-pps={}", base64_encode(video.vps),
                     base64_encode(video.sps), base64_encode(video.pps));
}

std::string audio_map(const media::AudioInfo& audio) {
  const auto clock = rtp_clock(audio);
  switch (audio.codec) {
    case Codec::kAac:
      return fmt::format("MPEG4-GENERIC/{}/{}", clock, audio.channels);
    case Codec::kOpus:
      return fmt::format("opus/{}/2", clock);  // always 2 (RFC 7587 §7)
    default:
      return fmt::format("{}/{}{}", audio.codec == Codec::kPcmu ? "PCMU" : "PCMA", clock,
                         audio.channels > 1 ? fmt::format("/{}", audio.channels) : "");
  }
}

std::string media_lines(std::string_view kind, Codec codec, std::string_view map, std::string_view format,
                        std::string_view extra, int track) {
  const unsigned type = payload_type(codec);
  std::string lines = fmt::format("m={} 0 RTP/AVP {}\r\na=rtpmap:{} {}\r\n", kind, type, type, map);
  if (!format.empty()) lines += fmt::format("a=fmtp:{} {}\r\n", type, format);
  return lines + fmt::format("{}a=control:track{}\r\n", extra, track);
}

}  // namespace

std::uint8_t payload_type(Codec codec) {
  switch (codec) {
    case Codec::kPcmu:
      return 0;
    case Codec::kPcma:
      return 8;
    case Codec::kAac:
    case Codec::kOpus:
      return 97;
    default:
      return 96;
  }
}

std::uint32_t rtp_clock(const media::VideoInfo&) { return 90'000; }

std::uint32_t rtp_clock(const media::AudioInfo& audio) {
  switch (audio.codec) {
    case Codec::kPcma:
    case Codec::kPcmu:
      return audio.sample_rate ? audio.sample_rate : kG711Clock;
    case Codec::kOpus:
      return kOpusClock;
    default:
      return audio.sample_rate;
  }
}

std::string write_sdp(const media::StreamInfo& info, std::string_view name, std::string_view address) {
  std::string title(name.empty() ? "-" : name);
  for (char& c : title)
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  const auto family = address.find(':') == std::string_view::npos ? "IP4" : "IP6";
  const auto any = address.find(':') == std::string_view::npos ? "0.0.0.0" : "::";
  std::string sdp = fmt::format(
      "v=0\r\no=- 1 1 IN {} {}\r\ns={}\r\nc=IN {} {}\r\nt=0 0\r\na=range:npt=now-\r\na=control:*\r\n", family,
      address, title, family, any);
  int track = 0;
  if (const auto& video = info.video; video && Packetizer::supports(video->codec)) {
    const auto map = fmt::format("{}/90000", video->codec == Codec::kH264 ? "H264" : "H265");
    std::string extra;
    if (video->frame_rate.numerator > 0 && video->frame_rate.denominator > 0)
      extra = fmt::format("a=framerate:{:.6g}\r\n",
                          double(video->frame_rate.numerator) / video->frame_rate.denominator);
    sdp += media_lines("video", video->codec, map, video_format(*video), extra, track++);
  }
  if (const auto& audio = info.audio; audio && Packetizer::supports(audio->codec)) {
    std::string format;
    if (audio->codec == Codec::kAac)
      format = fmt::format(
          "streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;"
          "config={}",
          hex(audio->config));
    sdp += media_lines("audio", audio->codec, audio_map(*audio), format, "", track++);
  }
  return sdp;
}

}  // namespace camctl::rtsp

#include "librtsp/sdp.h"

#include <doctest/doctest.h>

#include "librtsp/sdp_reader.h"

using namespace camctl;
using namespace camctl::rtsp;
using media::AudioInfo;
using media::Codec;
using media::StreamInfo;
using media::VideoInfo;

namespace {

const media::Bytes kH264Sps = {0x67, 0x42, 0xC0, 0x28, 0xDA, 0x01, 0xE0, 0x08, 0x9F, 0x96, 0x10,
                               0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0x20};
const media::Bytes kPps = {0x68, 0xCE, 0x0F, 0xC8};

AudioInfo aac() {
  return {.codec = Codec::kAac,
          .clock_rate = 16'000,
          .sample_rate = 16'000,
          .channels = 1,
          .config = {0x14, 0x08}};
}

// What a client learns from the description of `info`.
StreamInfo reread(const StreamInfo& info) {
  const auto sdp = parse_sdp(write_sdp(info, "name", "127.0.0.1"));
  REQUIRE(sdp);
  StreamInfo result;
  for (std::size_t i = 0; i < sdp->tracks.size(); ++i) {
    CHECK(sdp->tracks[i].control == "track" + std::to_string(i));
    REQUIRE(describe(sdp->tracks[i].format, result));
  }
  return result;
}

}  // namespace

TEST_CASE("a client learns from our description what the stream is") {
  StreamInfo info;
  info.video = VideoInfo{.codec = Codec::kH264, .frame_rate = {}, .vps = {}, .sps = kH264Sps, .pps = kPps};
  info.audio = aac();
  const auto read = reread(info);
  REQUIRE(read.video);
  CHECK(read.video->codec == Codec::kH264);
  CHECK(read.video->sps == kH264Sps);
  CHECK(read.video->pps == kPps);
  CHECK(read.audio == info.audio);
}

TEST_CASE("each audio codec") {
  for (const auto& [codec, rate, channels] :
       {std::tuple{Codec::kPcma, 8'000u, 1}, {Codec::kPcmu, 8'000u, 1}, {Codec::kOpus, 48'000u, 2}}) {
    CAPTURE(media::name(codec));
    StreamInfo info;
    info.audio = AudioInfo{.codec = codec,
                           .clock_rate = rate,
                           .sample_rate = rate,
                           .channels = static_cast<std::uint16_t>(channels),
                           .config = {}};
    const auto read = reread(info);
    REQUIRE(read.audio);
    CHECK(read.audio->codec == codec);
    CHECK(read.audio->clock_rate == rate);
  }
}

TEST_CASE("H.265 carries its three parameter sets") {
  StreamInfo info;
  info.video = VideoInfo{.codec = Codec::kH265,
                         .frame_rate = {30'000, 1'001},
                         .vps = {0x40, 1, 1},
                         .sps = {0x42, 1, 2},
                         .pps = {0x44, 1, 3}};
  const auto text = write_sdp(info, "", "::1");
  CHECK(text.find("sprop-vps=QAEB;sprop-sps=QgEC;sprop-pps=RAED") != std::string::npos);
  CHECK(text.find("a=framerate:29.97") != std::string::npos);
  CHECK(text.find("IN IP6 ::1") != std::string::npos);
}

TEST_CASE("a name can't add lines, and tracks without a packetizer are left out") {
  StreamInfo info;
  info.video = VideoInfo{.codec = Codec::kMjpeg, .frame_rate = {}, .vps = {}, .sps = {}, .pps = {}};
  info.audio = aac();
  const auto text = write_sdp(info, "a\r\nm=video 1 RTP/AVP 26", "127.0.0.1");
  CHECK(text.find("\nm=video") == std::string::npos);
  CHECK(text.find("a=control:track0") != std::string::npos);
  CHECK(text.find("a=control:track1") == std::string::npos);
}

// Access units and stream information as a camera's, for tests of the window and the packagers.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/media/nal.h"
#include "libhls/window.h"
#include "tests/base/media/hex.h"

namespace camctl::hls {

inline constexpr media::Ticks kFrame = 3'600;  // 25 fps at 90 kHz
inline constexpr media::Ticks kSecond = 90'000;
inline constexpr media::Ticks kAacFrame = 1'024;

inline media::VideoInfo h264_info() {
  media::VideoInfo video;
  video.codec = media::Codec::kH264;
  video.width = 1920;
  video.height = 1080;
  video.frame_rate = {25, 1};
  video.sps = media::from_hex("67640028acd940780227e5c044000003000400000300c83c60c658");
  video.pps = media::from_hex("68ebe3cb22c0");
  return video;
}

inline media::VideoInfo h265_info() {
  media::VideoInfo video;
  video.codec = media::Codec::kH265;
  video.width = 1920;
  video.height = 1080;
  video.vps = media::from_hex("40010c01ffff016000000300900000030000030078959809");
  video.sps =
      media::from_hex("420101016000000300900000030000030078a003c08010e596566924caf0168080000003008000000c84");
  video.pps = media::from_hex("4401c172b46240");
  return video;
}

inline media::AudioInfo aac_info() {
  media::AudioInfo audio;
  audio.codec = media::Codec::kAac;
  audio.clock_rate = audio.sample_rate = 48'000;
  audio.channels = 2;
  audio.config = media::from_hex("1190");
  return audio;
}

inline media::StreamInfoPtr make_info(std::optional<media::VideoInfo> video,
                                      std::optional<media::AudioInfo> audio) {
  return std::make_shared<const media::StreamInfo>(media::StreamInfo{std::move(video), std::move(audio)});
}

// The moment that stands for the axis's zero in tests.
inline const std::chrono::steady_clock::time_point kOrigin{std::chrono::hours(1000)};

inline media::AccessUnit video_unit(media::Ticks dts, bool key, std::size_t payload = 100,
                                    media::Ticks composition = 0) {
  media::AccessUnit unit;
  unit.track = media::TrackKind::kVideo;
  unit.key = key;
  unit.dts = dts;
  unit.pts = dts + composition;
  unit.duration = kFrame;
  unit.arrival =
      kOrigin + std::chrono::duration_cast<std::chrono::steady_clock::duration>(to_media_time(dts, 90'000));
  media::Bytes nal(payload, 0x55);
  nal.front() = key ? 0x65 : 0x41;
  media::append_length_prefixed(unit.data, nal);
  return unit;
}

inline media::AccessUnit audio_unit(media::Ticks dts, std::size_t payload = 50) {
  media::AccessUnit unit;
  unit.track = media::TrackKind::kAudio;
  unit.key = true;
  unit.dts = unit.pts = dts;
  unit.duration = kAacFrame;
  unit.arrival =
      kOrigin + std::chrono::duration_cast<std::chrono::steady_clock::duration>(to_media_time(dts, 48'000));
  unit.data.assign(payload, 0x21);
  return unit;
}

// Pushes `frames` pictures from `first` on, a key frame each `gop`, with AAC beside them where `audio` is
// set.
inline void push_video(Window& window, media::Ticks first, int frames, int gop, bool audio = false,
                       std::size_t payload = 100) {
  media::Ticks sound = first * 48 / 90;
  for (int i = 0; i < frames; ++i) {
    const auto dts = first + i * kFrame;
    window.push(video_unit(dts, i % gop == 0, payload), Break::kNone);
    for (; audio && sound * 90 / 48 < dts + kFrame; sound += kAacFrame)
      window.push(audio_unit(sound), Break::kNone);
  }
}

}  // namespace camctl::hls

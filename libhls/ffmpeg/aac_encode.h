// Audio that HLS can't carry, encoded to AAC segment by segment and only while somebody asks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/media/access_unit.h"
#include "base/media/stream_info.h"
#include "base/result.h"
#include "libhls/window.h"

namespace camctl::hls {

// The AAC track that encode_aac() makes of this audio; nothing where it can't be decoded or AAC has no such
// sample rate.
std::optional<media::AudioInfo> encoded_audio(const media::AudioInfo& audio);

// The end of a segment's audio that the encoder needs to hear before the segment that follows.
std::vector<media::AccessUnitPtr> audio_lead_in(const Segment& segment);

// Encodes the audio of one segment, part by part.
//
// AAC frames stand on one grid of 1024 samples counted from the start of the stream's axis. A part holds
// those whose window (two frames long) and the frame behind it, by which the encoder decides how to code
// them, end within its audio: so the frames of consecutive parts and segments join, and what a part holds is
// a function of the segment's audio up to its end alone. Sound is thus two to three frames behind the
// pictures of its part. Between segments the encoder loses its memory but for three frames that it hears
// anew.
class AacEncoding {
 public:
  // `lead_in` is audio_lead_in() of the segment before; empty behind a discontinuity.
  static Result<AacEncoding> begin(const media::AudioInfo& audio, std::uint32_t bitrate,
                                   std::span<const media::AccessUnitPtr> lead_in);
  AacEncoding(AacEncoding&&) noexcept;
  AacEncoding& operator=(AacEncoding&&) noexcept;
  ~AacEncoding();

  // What the segment's audio among `units`, which follow those before, brings: frames and when the last ends.
  struct Frames {
    std::vector<media::AccessUnitPtr> units;
    media::Ticks end = 0;  // 0: there are none
  };
  Result<Frames> add(std::span<const media::AccessUnitPtr> units);
  // The track that the frames make.
  const media::AudioInfo& track() const;

 private:
  struct State;
  explicit AacEncoding(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Video as it was, with the encoded audio between it by decoding time; `info` is of the original tracks.
std::vector<media::AccessUnitPtr> merge_audio(const media::StreamInfo& info,
                                              std::span<const media::AccessUnitPtr> units,
                                              const AacEncoding::Frames& audio);

// A copy of `segment`, or part, with the audio that add() gave for it; the video units are shared.
template <class Media>
Media with_encoded_audio(const Media& media, const AacEncoding& encoding, const AacEncoding::Frames& audio) {
  Media result = media;
  auto info = std::make_shared<media::StreamInfo>(*media.info);
  info->audio = encoding.track();
  result.info = std::move(info);
  result.units = merge_audio(*media.info, media.units, audio);
  result.audio_end = audio.end;
  result.bytes = 0;
  for (const auto& unit : result.units) result.bytes += unit->data.size();
  return result;
}

// A whole segment at once.
Result<Segment> encode_aac(const Segment& segment, std::span<const media::AccessUnitPtr> lead_in,
                           std::uint32_t bitrate);

}  // namespace camctl::hls

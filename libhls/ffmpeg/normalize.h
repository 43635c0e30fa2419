// From libavformat's streams and packets to our tracks and access units (base/media/access_unit.h).
#pragma once

#include <cstdint>
#include <optional>

#include "base/media/aac.h"
#include "base/media/access_unit.h"
#include "base/media/nal.h"
#include "base/media/stream_info.h"
#include "libhls/ffmpeg/av.h"

namespace camctl::hls::av {

// One video stream. Learns its parameter sets from the extradata and from the packets.
class VideoTrack {
 public:
  explicit VideoTrack(const AVStream& stream);

  // What a decoder must know is known.
  bool ready() const;
  const media::VideoInfo& info() const { return info_; }
  // True once after the info has changed.
  bool take_change();

  // Makes an access unit of a packet; nothing where there is no picture in it. The one copy of the payload.
  std::optional<media::AccessUnit> unit(const AVPacket& packet);

 private:
  void read_extradata(media::ByteView extradata);
  void learn(const media::ParameterSets& sets);
  void learn_size();

  media::VideoInfo info_;
  AVRational time_base_;
  int length_bytes_ = 0;  // of NAL units in packets; 0: Annex B
  bool changed_ = false;
  media::Ticks last_ = 0;
};

// One audio stream. AAC comes out raw, everything else as it is.
class AudioTrack {
 public:
  // A codec that we can pass on or decode later.
  static bool supports(const AVStream& stream);
  explicit AudioTrack(const AVStream& stream);

  bool ready() const;
  const media::AudioInfo& info() const { return info_; }
  bool take_change();
  std::optional<media::AccessUnit> unit(const AVPacket& packet);

 private:
  void learn_adts(const media::AdtsFrame& frame);

  media::AudioInfo info_;
  AVRational time_base_;
  bool changed_ = false;
  media::Ticks last_ = 0;
};

// AudioInfo::config for audio that is neither AAC, G.711 nor G.726: the codec's id in libavcodec (4 bytes,
// big-endian), its bits per sample (1 byte), and its extradata.
media::Bytes decoder_config(const AVCodecParameters& parameters);
inline constexpr std::size_t kDecoderConfigHeader = 5;

media::Codec codec_of(AVCodecID id);
AVCodecID codec_id(media::Codec codec);

}  // namespace camctl::hls::av

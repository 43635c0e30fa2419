// From access units to RTP packets.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/media/stream_info.h"
#include "librtsp/rtp.h"

namespace camctl::rtsp {

// Makes the packets of one track:
//   H.264  RFC 6184, packetization-mode 1: single NAL units, STAP-A, FU-A; parameter sets before key frames
//   H.265  RFC 7798: single NAL units, aggregation packets, fragmentation units; parameter sets likewise
//   AAC    RFC 3640 AAC-hbr, one frame a packet, fragmented where it is longer than a packet
//   Opus   RFC 7587; G.711: RFC 3551
// The marker bit ends each access unit of video and each AAC frame.
class Packetizer {
 public:
  static bool supports(media::Codec codec);

  // `lose` (may be empty) is asked for each packet; true drops it, leaving a hole in the sequence numbers.
  Packetizer(media::Codec codec, std::vector<media::Bytes> parameter_sets, RtpStream stream,
             std::function<bool()> lose = {});

  // Adds the packets of one access unit to `burst`, which points into `data` from then on. A NAL unit whose
  // length leaves the data ends the unit.
  void packetize(std::span<const std::uint8_t> data, bool key, std::uint32_t timestamp, Burst& burst);

  const RtpStream& stream() const { return stream_; }

 private:
  using View = std::span<const std::uint8_t>;

  void split_nal_units(View data, bool key);
  void packetize_video(Burst& burst);
  std::size_t aggregate(std::size_t first, Burst& burst);  // how many NAL units it took
  void fragment(View nal, bool last, Burst& burst);
  void packetize_aac(View data, Burst& burst);
  void packetize_samples(View data, Burst& burst);
  void emit(Burst& burst, bool marker, View copied, View referenced);

  media::Codec codec_;
  std::shared_ptr<const std::vector<media::Bytes>> parameter_sets_;
  RtpStream stream_;
  std::function<bool()> lose_;
  std::uint32_t timestamp_ = 0;
  std::vector<View> nals_;  // of the unit at hand; kept for its memory
};

}  // namespace camctl::rtsp

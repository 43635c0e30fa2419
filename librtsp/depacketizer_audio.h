// Audio payloads: AAC as MPEG4-GENERIC (RFC 3640) or LATM (RFC 6416), and codecs whose packets are frames.
#pragma once

#include "librtsp/depacketizer.h"

namespace camctl::rtsp {

// The `fmtp` sizes of RFC 3640 §4.1 for a mode of AAC; cameras use AAC-hbr: 13, 3, 3.
struct AuHeaderFormat {
  unsigned size_length = 13, index_length = 3, index_delta_length = 3;
};

class AacDepacketizer final : public Depacketizer {
 public:
  // `frame_samples`: ticks from one frame of a packet to the next.
  AacDepacketizer(AuHeaderFormat format, std::uint16_t frame_samples, DepacketizerSink& sink)
      : format_(format), frame_samples_(frame_samples), sink_(sink) {}
  void push(const RtpPacket& packet, bool lost, std::chrono::steady_clock::time_point arrival) override;

 private:
  void frame(std::uint32_t timestamp, media::ByteView data, std::chrono::steady_clock::time_point arrival);
  void fragment(const RtpPacket& packet, std::size_t whole, media::ByteView piece,
                std::chrono::steady_clock::time_point arrival);
  void damage();

  const AuHeaderFormat format_;
  const std::uint16_t frame_samples_;
  DepacketizerSink& sink_;
  media::Bytes fragment_;  // of a frame larger than a packet
  std::size_t fragment_whole_ = 0;
  bool gap_ = false;
};

// LATM without in-band configuration (cpresent=0), one program, one layer: what RFC 6416 calls common.
class LatmDepacketizer final : public Depacketizer {
 public:
  LatmDepacketizer(std::uint16_t frame_samples, DepacketizerSink& sink)
      : frame_samples_(frame_samples), sink_(sink) {}
  void push(const RtpPacket& packet, bool lost, std::chrono::steady_clock::time_point arrival) override;

 private:
  void deliver();

  const std::uint16_t frame_samples_;
  DepacketizerSink& sink_;
  media::Bytes pending_;  // of an audioMuxElement that comes in several packets
  bool damaged_ = false, gap_ = false;
  std::uint32_t timestamp_ = 0;
  std::chrono::steady_clock::time_point arrival_;
};

// G.711 and G.726 (RFC 3551), Opus (RFC 7587): a packet is an access unit.
class PacketDepacketizer final : public Depacketizer {
 public:
  explicit PacketDepacketizer(DepacketizerSink& sink) : sink_(sink) {}
  void push(const RtpPacket& packet, bool lost, std::chrono::steady_clock::time_point arrival) override;

 private:
  DepacketizerSink& sink_;
};

// The AudioSpecificConfig inside a StreamMuxConfig (ISO 14496-3 table 1.42), for LATM. kUnsupported where it
// has several programs or layers, kProtocol where it is malformed.
Result<media::Bytes> audio_specific_config_of(media::ByteView stream_mux_config);

}  // namespace camctl::rtsp

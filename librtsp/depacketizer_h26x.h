// H.264 (RFC 6184) and H.265 (RFC 7798) payloads; without decoding order numbers, which no camera sends.
#pragma once

#include "librtsp/depacketizer.h"
#include "librtsp/picture_assembler.h"

namespace camctl::rtsp {

class H26xDepacketizer : public Depacketizer {
 public:
  void push(const RtpPacket& packet, bool lost, std::chrono::steady_clock::time_point arrival) final;

 protected:
  H26xDepacketizer(media::Codec codec, DepacketizerSink& sink) : assembler_(codec, sink, counters_) {}
  // One payload, not empty.
  virtual void take(media::ByteView payload) = 0;
  void aggregated(media::ByteView units);
  void fragment(media::ByteView header, bool start, bool end, media::ByteView payload);

  PictureAssembler assembler_;
};

// Single NAL unit, STAP-A and FU-A: packetization modes 0 and 1.
class H264Depacketizer final : public H26xDepacketizer {
 public:
  explicit H264Depacketizer(DepacketizerSink& sink) : H26xDepacketizer(media::Codec::kH264, sink) {}

 private:
  void take(media::ByteView payload) override;
};

// Single NAL unit, aggregation packet and fragmentation unit, with sprop-max-don-diff=0.
class H265Depacketizer final : public H26xDepacketizer {
 public:
  explicit H265Depacketizer(DepacketizerSink& sink) : H26xDepacketizer(media::Codec::kH265, sink) {}

 private:
  void take(media::ByteView payload) override;
};

}  // namespace camctl::rtsp

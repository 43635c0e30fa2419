// ONVIF's metadata (ONVIF Streaming §5.1.2.1.1): XML documents, each ended by the marker bit.
#pragma once

#include "librtsp/depacketizer.h"

namespace camctl::rtsp {

// Access units are the documents' bytes, not looked into.
class MetadataDepacketizer final : public Depacketizer {
 public:
  explicit MetadataDepacketizer(DepacketizerSink& sink) : sink_(sink) {}
  void push(const RtpPacket& packet, bool lost, std::chrono::steady_clock::time_point arrival) override;

  // A frame with a hundred objects is 50 KB.
  static constexpr std::size_t kMaxDocument = 256u << 10;

 private:
  void damage();

  DepacketizerSink& sink_;
  media::Bytes document_;
  bool skipping_ = false;  // up to the next document
  bool gap_ = false;
};

}  // namespace camctl::rtsp

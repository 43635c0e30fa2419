// Motion JPEG (RFC 2435): headers from the payload header, fragments by their offset.
#pragma once

#include <map>
#include <optional>

#include "librtsp/depacketizer.h"
#include "librtsp/jpeg_headers.h"

namespace camctl::rtsp {

// Access units are whole JPEG pictures with all their tables, each a key frame.
class JpegDepacketizer final : public Depacketizer {
 public:
  struct Size {
    std::uint16_t width = 0, height = 0;
  };
  // `described`: what the session description says, for pictures larger than 2040, which the payload header
  // can't (§3.1.5); zero where it says nothing.
  JpegDepacketizer(Size described, DepacketizerSink& sink) : described_(described), sink_(sink) {}
  void push(const RtpPacket& packet, bool lost, std::chrono::steady_clock::time_point arrival) override;

  static constexpr std::uint16_t kMaxSide = 16'384;  // as a few cameras have in one direction

 private:
  // Reads what stands before the data of a picture's first fragment, and begins the picture.
  bool begin(const RtpPacket& packet, media::ByteView& payload);
  bool read_tables(media::ByteView& payload, std::uint8_t q);
  bool choose_size(const RtpPacket& packet, std::uint8_t width8, std::uint8_t height8);
  void deliver(std::chrono::steady_clock::time_point arrival);
  void damage();

  const Size described_;
  DepacketizerSink& sink_;
  JpegFormat format_;
  media::Bytes headers_;  // of format_; made again when that changes
  JpegFormat headers_format_;
  // Tables of earlier pictures, by their Q, which later ones may refer to (§3.1.8).
  std::map<std::uint8_t, std::pair<std::uint8_t, media::Bytes>> known_tables_;
  media::Bytes picture_;  // headers and data so far; kept for its memory
  bool building_ = false, gap_ = false;
  std::uint32_t timestamp_ = 0;
};

}  // namespace camctl::rtsp

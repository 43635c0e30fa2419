// Puts NAL units of H.264 and H.265 together to pictures: where one ends, and which are whole.
#pragma once

#include <chrono>
#include <optional>

#include "librtsp/depacketizer.h"

namespace camctl::rtsp {

// The end of a picture is its marker bit (RFC 6184 §5.1), so that it is delivered with its last packet. Some
// cameras set the bit on every slice or parameter set, others never: a marker without picture data before it
// is ignored, one that a later slice of the same picture belies turns marker bits off for good, and without
// them the next timestamp or first slice ends the picture.
class PictureAssembler {
 public:
  PictureAssembler(media::Codec codec, DepacketizerSink& sink, Depacketizer::Counters& counters);

  // Call before the NAL units of each packet.
  void begin_packet(const RtpPacket& packet, bool lost, std::chrono::steady_clock::time_point arrival);
  // A whole NAL unit.
  void add(media::ByteView nal);
  // A NAL unit that comes in pieces: its rebuilt header, then its payload, which is not empty.
  void begin_fragmented(media::ByteView header, media::ByteView payload);
  void continue_fragmented(media::ByteView payload);
  void end_fragmented();
  // The packet's payload is not what its RFC allows: its picture is lost.
  void malformed();
  // Call after the NAL units of each packet.
  void end_packet();

 private:
  bool picture_open() const { return timestamp_.has_value(); }
  void meet_slice(media::ByteView nal);
  void damage();
  void deliver();

  const media::Codec codec_;
  DepacketizerSink& sink_;
  Depacketizer::Counters& counters_;

  media::NalCollector picture_;
  std::optional<std::uint32_t> timestamp_;  // of the picture being built
  bool damaged_ = false;                    // a piece of it is missing
  bool gap_ = false;                        // something is missing before the next picture delivered
  // The NAL unit that comes in pieces: a slice is built in place in picture_.data, all else beside it.
  enum class Fragment : std::uint8_t { kNone, kSlice, kOther } fragment_ = Fragment::kNone;
  std::size_t fragment_start_ = 0;  // of the slice's length in picture_.data
  media::Bytes other_fragment_;

  bool marker_ = false;  // of the packet at hand
  std::chrono::steady_clock::time_point arrival_;
  std::optional<std::uint32_t> delivered_by_marker_;  // timestamp of the last picture so ended
  bool markers_lie_ = false;
};

}  // namespace camctl::rtsp

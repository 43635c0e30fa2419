// From RTP packets in sequence to access units, one class a payload format.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/media/access_unit.h"
#include "base/media/nal.h"
#include "base/media/stream_info.h"
#include "base/result.h"
#include "librtsp/rtp_packet.h"

namespace camctl::rtsp {

// Receives what a depacketizer puts together. Called from within push().
class DepacketizerSink {
 public:
  virtual ~DepacketizerSink() = default;
  // Parameter sets met in band, before the access unit that needs them; the same ones may come again.
  virtual void on_parameter_sets(const media::ParameterSets& sets) = 0;
  // Motion JPEG: of the access unit that follows; the same may come again.
  virtual void on_picture_size(std::uint16_t /*width*/, std::uint16_t /*height*/) {}
  // A whole access unit. pts is the RTP timestamp (32 bits, wrapping), dts equals pts, and `arrival` is that
  // of the packet which completed it.
  virtual void on_access_unit(media::AccessUnit unit) = 0;
};

// One track's packets, in order of their sequence numbers. Not thread-safe. Payloads are hostile: a malformed
// one costs its access unit and sets gap_before on the next.
class Depacketizer {
 public:
  virtual ~Depacketizer() = default;

  // `lost`: packets are missing between the previous one and this.
  virtual void push(const RtpPacket& packet, bool lost, std::chrono::steady_clock::time_point arrival) = 0;

  struct Counters {
    std::uint64_t damaged = 0;    // access units dropped because a piece was missing
    std::uint64_t malformed = 0;  // payloads that their RFC does not allow
  };
  const Counters& counters() const { return counters_; }

 protected:
  Counters counters_;
};

// What a session description says of one track (RFC 8866 §6.6 rtpmap, §6.15 fmtp).
struct PayloadFormat {
  media::TrackKind kind = media::TrackKind::kVideo;
  std::string encoding;  // "H264", "MPEG4-GENERIC", upper case
  std::uint8_t payload_type = 0;
  std::uint32_t clock_rate = 0;
  std::uint16_t channels = 1;
  std::map<std::string, std::string, std::less<>> parameters;  // names in lower case
};

// A picture larger than this is an attack: 8K intra pictures of cameras stay below 8 MiB.
inline constexpr std::size_t kMaxAccessUnitBytes = 16u << 20;

// The depacketizer for a format: H264 (RFC 6184), H265 (RFC 7798), JPEG (RFC 2435), MPEG4-GENERIC (RFC 3640),
// MP4A-LATM (RFC 6416), PCMA, PCMU, G726-x, OPUS, VND.ONVIF.METADATA. kUnsupported for every other encoding
// and for modes of these that no camera uses (interleaving, DON). `sink` must outlive it.
Result<std::unique_ptr<Depacketizer>> make_depacketizer(const PayloadFormat& format, DepacketizerSink& sink);

// Adds a track of sound or pictures to `info` as the description tells it: codec, rates, parameter sets out
// of band. kUnsupported as above.
Result<void> describe(const PayloadFormat& format, media::StreamInfo& info);

}  // namespace camctl::rtsp

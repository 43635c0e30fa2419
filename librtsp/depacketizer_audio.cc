#include "librtsp/depacketizer_audio.h"

#include <utility>

#include "base/media/bit_reader.h"

namespace camctl::rtsp {
namespace {

// A frame of AAC has at most 6144 bits a channel; this holds eight channels with room to spare.
constexpr std::size_t kMaxAudioFrame = 16u << 10;
// More frames in one packet than fit into it with one byte each is a lie; cameras send one or two.
constexpr std::size_t kMaxFramesPerPacket = 64;

media::AccessUnit audio_unit(std::uint32_t timestamp, media::ByteView data,
                             std::chrono::steady_clock::time_point arrival, bool gap) {
  media::AccessUnit unit;
  unit.track = media::TrackKind::kAudio;
  unit.key = true;
  unit.gap_before = gap;
  unit.pts = unit.dts = timestamp;
  unit.arrival = arrival;
  unit.data.assign(data.begin(), data.end());
  return unit;
}

}  // namespace

void AacDepacketizer::damage() {
  if (!fragment_.empty()) ++counters_.damaged;
  fragment_.clear();
  gap_ = true;
}

void AacDepacketizer::frame(std::uint32_t timestamp, media::ByteView data,
                            std::chrono::steady_clock::time_point arrival) {
  sink_.on_access_unit(audio_unit(timestamp, data, arrival, std::exchange(gap_, false)));
}

// A frame that does not fit into one packet comes alone, in pieces that all name its whole size, the last one
// with the marker (RFC 3640 §3.2.3.2).
void AacDepacketizer::fragment(const RtpPacket& packet, std::size_t whole, media::ByteView piece,
                               std::chrono::steady_clock::time_point arrival) {
  if (!fragment_.empty() && fragment_whole_ != whole) damage();
  fragment_whole_ = whole;
  fragment_.insert(fragment_.end(), piece.begin(), piece.end());
  if (fragment_.size() > whole) {
    ++counters_.malformed;
    return damage();
  }
  if (fragment_.size() == whole) {
    frame(packet.timestamp, fragment_, arrival);
    fragment_.clear();
  } else if (packet.marker) {
    damage();
  }
}

void AacDepacketizer::push(const RtpPacket& packet, bool lost,
                           std::chrono::steady_clock::time_point arrival) {
  if (lost) damage();
  const auto malformed = [this] {
    ++counters_.malformed;
    damage();
  };
  if (packet.payload.size() < 2) return malformed();
  // AU-headers-length in bits, then the headers, then the frames (RFC 3640 §3.2.1).
  const std::size_t header_bits = static_cast<std::size_t>(packet.payload[0]) << 8 | packet.payload[1];
  const std::size_t header_bytes = (header_bits + 7) / 8;
  if (header_bits == 0 || header_bytes > packet.payload.size() - 2) return malformed();
  media::BitReader headers(packet.payload.subspan(2, header_bytes));
  media::ByteView data = packet.payload.subspan(2 + header_bytes);

  std::size_t left = header_bits;
  for (std::size_t n = 0; n < kMaxFramesPerPacket; ++n) {
    const unsigned index_bits = n == 0 ? format_.index_length : format_.index_delta_length;
    if (left < format_.size_length + index_bits) return;
    left -= format_.size_length + index_bits;
    const std::size_t size = headers.bits(format_.size_length);
    headers.skip(index_bits);
    if (size == 0 || size > kMaxAudioFrame) return malformed();
    if (size > data.size()) {
      if (n != 0 || left >= format_.size_length || data.empty()) return malformed();
      return fragment(packet, size, data, arrival);
    }
    frame(packet.timestamp + static_cast<std::uint32_t>(n) * frame_samples_, data.first(size), arrival);
    data = data.subspan(size);
  }
}

// The marker ends an audioMuxElement, which may span packets (RFC 6416 §6.1).
void LatmDepacketizer::push(const RtpPacket& packet, bool lost,
                            std::chrono::steady_clock::time_point arrival) {
  if (lost) {
    gap_ = true;
    damaged_ = damaged_ || !pending_.empty();
  }
  if (!pending_.empty() && packet.timestamp != timestamp_) deliver();
  timestamp_ = packet.timestamp;
  arrival_ = arrival;
  if (pending_.size() + packet.payload.size() > kMaxAudioFrame)
    damaged_ = true;
  else
    pending_.insert(pending_.end(), packet.payload.begin(), packet.payload.end());
  if (packet.marker) deliver();
}

void LatmDepacketizer::deliver() {
  media::ByteView rest = pending_;
  if (damaged_) {
    ++counters_.damaged;
    gap_ = true;
    rest = {};
  }
  std::uint32_t timestamp = timestamp_;
  while (!rest.empty()) {
    // PayloadLengthInfo: bytes of 255 and a last one below (ISO 14496-3 table 1.45).
    std::size_t size = 0;
    bool more = true;
    while (more && !rest.empty()) {
      size += rest.front();
      more = rest.front() == 0xff;
      rest = rest.subspan(1);
    }
    if (more || size == 0 || size > rest.size()) {
      ++counters_.malformed;
      gap_ = true;
      break;
    }
    sink_.on_access_unit(audio_unit(timestamp, rest.first(size), arrival_, std::exchange(gap_, false)));
    rest = rest.subspan(size);
    timestamp += frame_samples_;
  }
  pending_.clear();
  damaged_ = false;
}

void PacketDepacketizer::push(const RtpPacket& packet, bool lost,
                              std::chrono::steady_clock::time_point arrival) {
  if (packet.payload.empty() || packet.payload.size() > kMaxAudioFrame) {
    ++counters_.malformed;
    return;
  }
  sink_.on_access_unit(audio_unit(packet.timestamp, packet.payload, arrival, lost));
}

Result<media::Bytes> audio_specific_config_of(media::ByteView stream_mux_config) {
  media::BitReader reader(stream_mux_config);
  const bool version1 = reader.flag();
  const bool same_time_framing = reader.flag();
  const auto sub_frames = reader.bits(6);
  const auto programs = reader.bits(4);
  const auto layers = reader.bits(3);
  if (version1 || !same_time_framing || programs != 0 || layers != 0 || sub_frames > kMaxFramesPerPacket)
    return fail(ErrorCode::kUnsupported, "LATM with several programs, layers or another version");
  // The configuration stands at a bit position and what follows it is not ours: shift it to a byte boundary.
  media::Bytes config;
  for (std::size_t i = 0; i < 8 && reader.bits_left() >= 8; ++i)
    config.push_back(static_cast<std::uint8_t>(reader.bits(8)));
  if (reader.bits_left() > 0 && reader.bits_left() < 8) {
    const auto left = static_cast<unsigned>(reader.bits_left());
    config.push_back(static_cast<std::uint8_t>(reader.bits(left) << (8 - left)));
  }
  if (reader.overrun() || config.size() < 2)
    return fail(ErrorCode::kProtocol, "LATM configuration is truncated");
  return config;
}

}  // namespace camctl::rtsp

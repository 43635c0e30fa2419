#include "librtsp/packetizer.h"

#include <algorithm>
#include <array>

namespace camctl::rtsp {
namespace {

using media::Codec;
using View = std::span<const std::uint8_t>;

constexpr std::uint8_t kStapA = 24, kFuA = 28;  // RFC 6184 §5.2
constexpr std::uint8_t kAp = 48, kFu = 49;      // RFC 7798 §4.4
constexpr std::uint8_t kFuStart = 0x80, kFuEnd = 0x40;
constexpr std::size_t kNalLength = 2;  // before each NAL unit in an aggregation packet

std::size_t nal_header_size(Codec codec) { return codec == Codec::kH265 ? 2 : 1; }

void put16(std::uint8_t* at, std::size_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

void put32(std::uint8_t* at, std::uint32_t value) {
  put16(at, value >> 16);
  put16(at + 2, value & 0xffff);
}

}  // namespace

bool Packetizer::supports(Codec codec) {
  constexpr std::array kSupported = {Codec::kH264, Codec::kH265, Codec::kAac,
                                     Codec::kPcma, Codec::kPcmu, Codec::kOpus};
  return std::ranges::find(kSupported, codec) != kSupported.end();
}

Packetizer::Packetizer(Codec codec, std::vector<media::Bytes> parameter_sets, RtpStream stream,
                       std::function<bool()> lose)
    : codec_(codec),
      parameter_sets_(std::make_shared<const std::vector<media::Bytes>>(std::move(parameter_sets))),
      stream_(stream),
      lose_(std::move(lose)) {}

void Packetizer::packetize(View data, bool key, std::uint32_t timestamp, Burst& burst) {
  timestamp_ = timestamp;
  burst.timestamp = timestamp;
  burst.first_sequence = stream_.next_sequence;
  const auto packets = data.size() / kMaxPayload + 4;
  burst.packets.reserve(packets);
  burst.parts.reserve(2 * packets);
  burst.headers.reserve(packets * (kInterleavedHeader + kRtpHeader + 8));
  if (codec_ == Codec::kH264 || codec_ == Codec::kH265) {
    if (key) burst.parameter_sets = parameter_sets_;
    split_nal_units(data, key);
    packetize_video(burst);
  } else if (codec_ == Codec::kAac) {
    packetize_aac(data, burst);
  } else {
    packetize_samples(data, burst);
  }
}

void Packetizer::split_nal_units(View data, bool key) {
  nals_.clear();
  if (key)
    for (const auto& set : *parameter_sets_)
      if (set.size() > nal_header_size(codec_)) nals_.emplace_back(set);
  while (data.size() > 4) {
    const std::size_t size = std::size_t{data[0]} << 24 | data[1] << 16 | data[2] << 8 | data[3];
    if (size > data.size() - 4) break;
    if (size > nal_header_size(codec_)) nals_.push_back(data.subspan(4, size));
    data = data.subspan(4 + size);
  }
}

void Packetizer::packetize_video(Burst& burst) {
  for (std::size_t i = 0; i < nals_.size();) {
    const bool last = i + 1 == nals_.size();
    if (nals_[i].size() > kMaxPayload) {
      fragment(nals_[i++], last, burst);
    } else if (const auto taken = aggregate(i, burst); taken > 0) {
      i += taken;
    } else {
      emit(burst, last, {}, nals_[i++]);
    }
  }
}

std::size_t Packetizer::aggregate(std::size_t first, Burst& burst) {
  std::size_t size = nal_header_size(codec_);
  std::size_t end = first;
  std::uint8_t importance = 0;  // nal_ref_idc of the most important one (RFC 6184 §5.7)
  while (end < nals_.size() && size + kNalLength + nals_[end].size() <= kMaxPayload) {
    size += kNalLength + nals_[end].size();
    importance = std::max<std::uint8_t>(importance, nals_[end][0] & 0x60);
    ++end;
  }
  if (end - first < 2) return 0;
  std::array<std::uint8_t, kMaxPayload> payload;
  std::size_t used = nal_header_size(codec_);
  payload[0] = codec_ == Codec::kH265 ? kAp << 1 : importance | kStapA;
  payload[1] = 1;  // H.265: layer 0, temporal id 0; overwritten for H.264
  for (auto i = first; i < end; ++i) {
    put16(&payload[used], nals_[i].size());
    std::ranges::copy(nals_[i], &payload[used + kNalLength]);
    used += kNalLength + nals_[i].size();
  }
  emit(burst, end == nals_.size(), View(payload.data(), used), {});
  return end - first;
}

void Packetizer::fragment(View nal, bool last, Burst& burst) {
  const bool h265 = codec_ == Codec::kH265;
  const auto header_size = nal_header_size(codec_);
  std::array<std::uint8_t, 3> prefix{};
  const std::uint8_t type = h265 ? (nal[0] >> 1) & 0x3f : nal[0] & 0x1f;
  prefix[0] = h265 ? (nal[0] & 0x81) | kFu << 1 : (nal[0] & 0xe0) | kFuA;
  if (h265) prefix[1] = nal[1];
  auto& fu_header = prefix[header_size];
  const View prefix_view(prefix.data(), header_size + 1);
  fu_header = kFuStart | type;
  for (auto rest = nal.subspan(header_size); !rest.empty();) {
    const auto size = std::min(rest.size(), kMaxPayload - prefix_view.size());
    const bool end = size == rest.size();
    if (end) fu_header |= kFuEnd;
    emit(burst, last && end, prefix_view, rest.first(size));
    rest = rest.subspan(size);
    fu_header = type;
  }
}

void Packetizer::packetize_aac(View data, Burst& burst) {
  constexpr std::size_t kMaxFrame = 8191;  // the 13 bits of AU-size
  if (data.empty() || data.size() > kMaxFrame) return;
  std::array<std::uint8_t, 4> header{};
  put16(&header[0], 16);                // AU-headers-length in bits
  put16(&header[2], data.size() << 3);  // AU-size of the whole frame, AU-index 0
  for (auto rest = data; !rest.empty();) {
    const auto size = std::min(rest.size(), kMaxPayload - header.size());
    emit(burst, size == rest.size(), header, rest.first(size));
    rest = rest.subspan(size);
  }
}

void Packetizer::packetize_samples(View data, Burst& burst) {
  if (codec_ == Codec::kOpus) {  // one packet is one frame and cannot be cut
    if (data.size() <= kMaxPayload) emit(burst, false, {}, data);
    return;
  }
  while (!data.empty()) {
    const auto size = std::min(data.size(), kMaxPayload);
    emit(burst, false, {}, data.first(size));
    timestamp_ += static_cast<std::uint32_t>(size);  // one byte a sample
    data = data.subspan(size);
  }
}

void Packetizer::emit(Burst& burst, bool marker, View copied, View referenced) {
  const auto sequence = stream_.next_sequence++;
  if (lose_ && lose_()) return;
  std::array<std::uint8_t, kRtpHeader> header{};
  header[0] = 2 << 6;  // version
  header[1] = static_cast<std::uint8_t>((marker ? 0x80 : 0) | stream_.payload_type);
  put16(&header[2], sequence);
  put32(&header[4], timestamp_);
  put32(&header[8], stream_.ssrc);
  burst.add_packet(stream_.channel, {header, copied}, referenced);
  ++stream_.packets;
  stream_.octets += static_cast<std::uint32_t>(copied.size() + referenced.size());
}

}  // namespace camctl::rtsp

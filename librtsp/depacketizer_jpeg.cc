#include "librtsp/depacketizer_jpeg.h"

#include <utility>

namespace camctl::rtsp {
namespace {

constexpr std::size_t kMainHeader = 8, kRestartHeader = 4, kTablesHeader = 4;  // §3.1, §3.1.7, §3.1.8
constexpr std::uint8_t kFirstRestartType = 64, kFirstDynamicType = 128;
constexpr std::uint8_t kFirstInBandQ = 128, kUncachedQ = 255;
constexpr std::size_t kMaxTables = 256;  // two of 16 bits
constexpr std::uint16_t kOnvifHeader =
    0xffd8;  // ONVIF Streaming §5.1.2.1: JPEG headers as RTP header extension

std::size_t be16(media::ByteView data, std::size_t at) {
  return static_cast<std::size_t>(data[at]) << 8 | data[at + 1];
}

// The size in a start of frame among marker segments.
std::optional<JpegDepacketizer::Size> find_size(media::ByteView segments) {
  constexpr std::size_t kSizeEnd = 9;  // marker, length, precision, height, width
  while (segments.size() >= 4 && segments[0] == 0xff) {
    const std::size_t size = be16(segments, 2) + 2;
    if (size < 4 || size > segments.size()) return std::nullopt;
    if ((segments[1] == 0xc0 || segments[1] == 0xc1) && size >= kSizeEnd)
      return JpegDepacketizer::Size{static_cast<std::uint16_t>(be16(segments, 7)),
                                    static_cast<std::uint16_t>(be16(segments, 5))};
    segments = segments.subspan(size);
  }
  return std::nullopt;
}

}  // namespace

void JpegDepacketizer::damage() {
  if (building_) ++counters_.damaged;
  building_ = false;
  gap_ = true;
}

void JpegDepacketizer::push(const RtpPacket& packet, bool lost,
                            std::chrono::steady_clock::time_point arrival) {
  if (lost) damage();
  if (building_ && packet.timestamp != timestamp_) damage();  // its last fragment was lost
  const auto malformed = [this] {
    ++counters_.malformed;
    damage();
  };
  auto payload = packet.payload;
  if (payload.size() < kMainHeader) return malformed();
  const std::size_t offset = static_cast<std::size_t>(payload[1]) << 16 | be16(payload, 2);
  const std::uint8_t type = payload[4];
  if (type >= kFirstDynamicType || (type & 0x3f) > 1) return malformed();
  if (offset == 0) {
    if (building_) damage();
    if (!begin(packet, payload)) return malformed();
  } else {
    if (!building_) return;  // of a picture that is damaged already
    const std::size_t headers = kMainHeader + (type >= kFirstRestartType ? kRestartHeader : 0);
    if (payload.size() < headers || offset != picture_.size() - headers_.size()) return malformed();
    payload = payload.subspan(headers);
  }
  if (picture_.size() + payload.size() > kMaxAccessUnitBytes) return malformed();
  picture_.insert(picture_.end(), payload.begin(), payload.end());
  if (packet.marker) deliver(arrival);
}

bool JpegDepacketizer::begin(const RtpPacket& packet, media::ByteView& payload) {
  const std::uint8_t type = payload[4], q = payload[5];
  if (!choose_size(packet, payload[6], payload[7])) return false;
  format_.type = type & 0x3f;
  payload = payload.subspan(kMainHeader);
  format_.restart_interval = 0;
  if (type >= kFirstRestartType) {
    if (payload.size() < kRestartHeader) return false;
    format_.restart_interval = static_cast<std::uint16_t>(be16(payload, 0));
    payload = payload.subspan(kRestartHeader);
  }
  if (!read_tables(payload, q)) return false;
  if (headers_.empty() || headers_format_ != format_) {
    headers_ = jpeg_headers(format_);
    headers_format_ = format_;
  }
  picture_ = headers_;
  timestamp_ = packet.timestamp;
  building_ = true;
  return true;
}

bool JpegDepacketizer::choose_size(const RtpPacket& packet, std::uint8_t width8, std::uint8_t height8) {
  Size size{static_cast<std::uint16_t>(width8 * 8), static_cast<std::uint16_t>(height8 * 8)};
  if (const auto told = packet.extension_id == kOnvifHeader ? find_size(packet.extension) : std::nullopt)
    size = *told;
  else if (size.width == 0 || size.height == 0)
    size = described_;
  if (size.width == 0 || size.height == 0 || size.width > kMaxSide || size.height > kMaxSide) return false;
  format_.width = size.width;
  format_.height = size.height;
  return true;
}

bool JpegDepacketizer::read_tables(media::ByteView& payload, std::uint8_t q) {
  if (q == 0) return false;
  if (q < kFirstInBandQ) {
    format_.tables = jpeg_tables(q);
    format_.precision = 0;
    return true;
  }
  if (payload.size() < kTablesHeader) return false;
  const std::uint8_t precision = payload[1] & 3;
  const std::size_t size = be16(payload, 2);
  payload = payload.subspan(kTablesHeader);
  if (size == 0) {
    const auto known = known_tables_.find(q);
    if (q == kUncachedQ || known == known_tables_.end()) return false;
    format_.precision = known->second.first;
    format_.tables = known->second.second;
    return true;
  }
  const std::size_t least = (precision & 1) != 0 ? 128 : 64;
  if (size > payload.size() || size > kMaxTables || size < least) return false;
  format_.precision = precision;
  format_.tables.assign(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(size));
  payload = payload.subspan(size);
  if (q != kUncachedQ) known_tables_[q] = {precision, format_.tables};
  return true;
}

void JpegDepacketizer::deliver(std::chrono::steady_clock::time_point arrival) {
  building_ = false;
  if (picture_.size() == headers_.size()) {
    ++counters_.malformed;
    gap_ = true;
    return;
  }
  const bool ended = picture_[picture_.size() - 2] == 0xff && picture_.back() == 0xd9;
  media::AccessUnit unit;
  unit.track = media::TrackKind::kVideo;
  unit.key = true;
  unit.gap_before = std::exchange(gap_, false);
  unit.pts = unit.dts = timestamp_;
  unit.arrival = arrival;
  unit.data.reserve(picture_.size() + 2);
  unit.data.assign(picture_.begin(), picture_.end());
  if (!ended) unit.data.insert(unit.data.end(), {0xff, 0xd9});
  sink_.on_picture_size(format_.width, format_.height);
  sink_.on_access_unit(std::move(unit));
}

}  // namespace camctl::rtsp

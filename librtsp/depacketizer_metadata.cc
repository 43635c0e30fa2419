#include "librtsp/depacketizer_metadata.h"

#include <utility>

namespace camctl::rtsp {

void MetadataDepacketizer::damage() {
  ++counters_.damaged;
  document_.clear();
  skipping_ = gap_ = true;
}

void MetadataDepacketizer::push(const RtpPacket& packet, bool lost,
                                std::chrono::steady_clock::time_point arrival) {
  // Where packets are missing, nobody knows whether a document began among them: the next one surely begins
  // behind a marker.
  if (lost) damage();
  if (!skipping_ && document_.size() + packet.payload.size() > kMaxDocument) {
    ++counters_.malformed;
    damage();
  }
  if (!skipping_) document_.insert(document_.end(), packet.payload.begin(), packet.payload.end());
  if (!packet.marker) return;
  if (std::exchange(skipping_, false) || document_.empty()) return;
  media::AccessUnit unit;
  unit.track = media::TrackKind::kMetadata;
  unit.key = true;
  unit.gap_before = std::exchange(gap_, false);
  unit.pts = unit.dts = packet.timestamp;
  unit.arrival = arrival;
  unit.data = document_;
  document_.clear();
  sink_.on_access_unit(std::move(unit));
}

}  // namespace camctl::rtsp

#include "librtsp/picture_assembler.h"

#include <array>
#include <cassert>
#include <utility>

namespace camctl::rtsp {
namespace {

constexpr std::size_t kLengthBytes = 4;

void append(media::Bytes& out, media::ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

// Where pictures are built, handed from camera to camera: most arrive whole in one tick, so that those of a
// thread pass through the same memory, which stays in its core's cache.
thread_local media::Bytes spare_buffer;

// What tells whether a slice is its picture's first: the header and a byte behind it.
struct SliceStart {
  std::array<std::uint8_t, 3> bytes{};
  std::size_t size = 0;
};

SliceStart slice_start(media::ByteView header, media::ByteView payload) {
  assert(header.size() < 3 && !payload.empty());
  SliceStart start;
  for (const auto byte : header) start.bytes[start.size++] = byte;
  start.bytes[start.size++] = payload[0];
  return start;
}

void borrow_buffer(media::Bytes& buffer) {
  if (buffer.capacity() < spare_buffer.capacity()) buffer.swap(spare_buffer);
}

void return_buffer(media::Bytes& buffer) {
  if (spare_buffer.capacity() < buffer.capacity()) buffer.swap(spare_buffer);
  media::Bytes().swap(buffer);
  spare_buffer.clear();
}

}  // namespace

PictureAssembler::PictureAssembler(media::Codec codec, DepacketizerSink& sink,
                                   Depacketizer::Counters& counters)
    : codec_(codec), sink_(sink), counters_(counters), picture_(codec) {}

void PictureAssembler::begin_packet(const RtpPacket& packet, bool lost,
                                    std::chrono::steady_clock::time_point arrival) {
  marker_ = packet.marker;
  if (lost) {
    gap_ = true;
    damage();
  }
  if (timestamp_ && *timestamp_ != packet.timestamp) deliver();  // its marker is missing, or not believed
  if (!timestamp_) borrow_buffer(picture_.data);
  timestamp_ = packet.timestamp;
  arrival_ = arrival;
}

void PictureAssembler::end_packet() {
  if (!marker_ || markers_lie_ || !(picture_.slices || damaged_)) return;
  delivered_by_marker_ = timestamp_;
  deliver();
}

// A slice begins: is it where it should be?
void PictureAssembler::meet_slice(media::ByteView nal) {
  const bool first = media::starts_picture(codec_, nal);
  if (first && picture_.slices && markers_lie_) {
    const auto timestamp = timestamp_;
    deliver();
    timestamp_ = timestamp;
  } else if (!first && !picture_.slices && !damaged_) {
    if (delivered_by_marker_ == timestamp_) markers_lie_ = true;  // half of it was delivered as a whole
    damage();
  }
}

void PictureAssembler::add(media::ByteView nal) {
  if (fragment_ != Fragment::kNone) malformed();  // the unit in pieces was never finished
  if (nal.empty()) return;
  if (picture_.data.size() + nal.size() > kMaxAccessUnitBytes) return malformed();
  if (media::is_slice(media::classify(codec_, nal))) meet_slice(nal);
  if (!damaged_) picture_.add(nal);
}

void PictureAssembler::begin_fragmented(media::ByteView header, media::ByteView payload) {
  if (fragment_ != Fragment::kNone) malformed();
  const auto kind = media::classify(codec_, header);
  if (!media::is_slice(kind)) {
    fragment_ = Fragment::kOther;
    other_fragment_.assign(header.begin(), header.end());
    return append(other_fragment_, payload);
  }
  const auto start = slice_start(header, payload);
  meet_slice(media::ByteView(start.bytes).first(start.size));
  if (damaged_) return;
  fragment_ = Fragment::kSlice;
  fragment_start_ = picture_.data.size();
  picture_.data.resize(fragment_start_ + kLengthBytes);
  append(picture_.data, header);
  append(picture_.data, payload);
  picture_.slices = true;
  picture_.key = picture_.key || kind == media::NalKind::kKeySlice;
}

void PictureAssembler::continue_fragmented(media::ByteView payload) {
  if (fragment_ == Fragment::kNone) return damage();  // its beginning is missing
  auto& target = fragment_ == Fragment::kSlice ? picture_.data : other_fragment_;
  if (target.size() + payload.size() > kMaxAccessUnitBytes) return malformed();
  append(target, payload);
}

void PictureAssembler::end_fragmented() {
  const auto fragment = std::exchange(fragment_, Fragment::kNone);
  if (fragment == Fragment::kOther) picture_.add(other_fragment_);
  if (fragment != Fragment::kSlice) return;
  const std::size_t length = picture_.data.size() - fragment_start_ - kLengthBytes;
  for (std::size_t i = 0; i < kLengthBytes; ++i)
    picture_.data[fragment_start_ + i] = static_cast<std::uint8_t>(length >> (8 * (kLengthBytes - 1 - i)));
}

void PictureAssembler::malformed() {
  ++counters_.malformed;
  damage();
}

// What there is of the picture is of no use, and nothing of it will be taken any more; parameter sets are.
void PictureAssembler::damage() {
  fragment_ = Fragment::kNone;
  if (!timestamp_ || damaged_) return;
  damaged_ = true;
  gap_ = true;
  ++counters_.damaged;
}

void PictureAssembler::deliver() {
  if (fragment_ != Fragment::kNone) malformed();
  if (picture_.sets != media::ParameterSets{}) sink_.on_parameter_sets(picture_.sets);
  if (picture_.slices && !damaged_) {
    media::AccessUnit unit;
    unit.track = media::TrackKind::kVideo;
    unit.key = picture_.key;
    unit.gap_before = std::exchange(gap_, false);
    unit.pts = unit.dts = *timestamp_;
    unit.arrival = arrival_;
    // Copied to its size: the buffer keeps its capacity, the window holds no slack.
    unit.data.assign(picture_.data.begin(), picture_.data.end());
    sink_.on_access_unit(std::move(unit));
  }
  picture_.clear();
  return_buffer(picture_.data);
  timestamp_.reset();
  damaged_ = false;
}

}  // namespace camctl::rtsp

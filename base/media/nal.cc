#include "base/media/nal.h"

#include <algorithm>
#include <optional>

#include "base/media/bit_reader.h"

namespace camctl::media {
namespace {

// Where the start code 00 00 01 begins, or the size where there is none.
std::size_t find_start_code(ByteView data) {
  for (std::size_t i = 0; i + 3 <= data.size();) {
    if (data[i + 2] > 1) {
      i += 3;
    } else if (data[i + 2] == 1) {
      if (data[i] == 0 && data[i + 1] == 0) return i;
      i += 3;
    } else {
      ++i;
    }
  }
  return data.size();
}

NalKind classify_h264(ByteView nal) {
  // ISO 14496-10 Table 7-1
  switch (nal[0] & 0x1f) {
    case 1:
    case 2:
    case 3:
    case 4:
      return NalKind::kSlice;
    case 5:
      return NalKind::kKeySlice;
    case 6:
      return NalKind::kSei;
    case 7:
      return NalKind::kSps;
    case 8:
      return NalKind::kPps;
    case 9:
      return NalKind::kAud;
    case 13:
    case 14:
    case 15:
    case 19:
    case 20:
    case 21:
      return NalKind::kOther;
    default:
      return NalKind::kFiller;
  }
}

NalKind classify_h265(ByteView nal) {
  // ISO 23008-2 Table 7-1
  const auto type = (nal[0] >> 1) & 0x3f;
  if (nal.size() < 2) return NalKind::kFiller;
  if (type <= 9) return NalKind::kSlice;
  if (type >= 16 && type <= 21) return NalKind::kKeySlice;
  switch (type) {
    case 32:
      return NalKind::kVps;
    case 33:
      return NalKind::kSps;
    case 34:
      return NalKind::kPps;
    case 35:
      return NalKind::kAud;
    case 39:
    case 40:
      return NalKind::kSei;
    default:
      return NalKind::kFiller;
  }
}

std::size_t header_bytes(Codec codec) { return codec == Codec::kH265 ? 2 : 1; }

// pps_pic_parameter_set_id is the first element of a PPS in both standards.
std::uint32_t pps_id(Codec codec, ByteView pps) {
  return BitReader(pps.subspan(std::min(pps.size(), header_bytes(codec)))).ue();
}

Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }

}  // namespace

NalKind classify(Codec codec, ByteView nal) {
  if (nal.empty()) return NalKind::kFiller;
  if (codec == Codec::kH264) return classify_h264(nal);
  if (codec == Codec::kH265) return classify_h265(nal);
  return NalKind::kFiller;
}

bool starts_picture(Codec codec, ByteView nal) {
  if (!is_slice(classify(codec, nal))) return false;
  const auto header = header_bytes(codec);
  // ue(v) of 0 is a single 1 bit, and so is the flag.
  return nal.size() > header && (nal[header] & 0x80) != 0;
}

AnnexBReader::AnnexBReader(ByteView stream) {
  const auto start = find_start_code(stream);
  if (start < stream.size()) rest_ = stream.subspan(start + 3);
}

ByteView AnnexBReader::next() {
  while (!rest_.empty()) {
    const auto end = find_start_code(rest_);
    auto nal = rest_.first(end);
    rest_ = end < rest_.size() ? rest_.subspan(end + 3) : ByteView{};
    while (!nal.empty() && nal.back() == 0) nal = nal.first(nal.size() - 1);
    if (!nal.empty()) return nal;
  }
  return {};
}

ByteView LengthPrefixedReader::next() {
  const auto prefix = static_cast<std::size_t>(length_bytes_);
  while (!rest_.empty()) {
    std::size_t length = 0;
    const bool whole_prefix = rest_.size() >= prefix;
    for (std::size_t i = 0; whole_prefix && i < prefix; ++i) length = length << 8 | rest_[i];
    if (!whole_prefix || length > rest_.size() - prefix) {
      broken_ = true;
      rest_ = {};
      return {};
    }
    const auto nal = rest_.subspan(prefix, length);
    rest_ = rest_.subspan(prefix + length);
    if (!nal.empty()) return nal;
  }
  return {};
}

void append_length_prefixed(Bytes& out, ByteView nal) {
  const auto size = static_cast<std::uint32_t>(nal.size());
  const std::uint8_t prefix[] = {static_cast<std::uint8_t>(size >> 24), static_cast<std::uint8_t>(size >> 16),
                                 static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
  out.insert(out.end(), std::begin(prefix), std::end(prefix));
  out.insert(out.end(), nal.begin(), nal.end());
}

void NalCollector::add(ByteView nal) {
  if (nal.size() > kMaxNalBytes) return;
  const auto kind = classify(codec, nal);
  switch (kind) {
    case NalKind::kAud:
    case NalKind::kFiller:
      return;
    case NalKind::kVps:
      if (nal.size() <= kMaxParameterSetBytes) sets.vps = to_bytes(nal);
      return;
    case NalKind::kSps:
      if (nal.size() <= kMaxParameterSetBytes) sets.sps = to_bytes(nal);
      return;
    case NalKind::kPps:
      if (nal.size() > kMaxParameterSetBytes) return;
      if (!sets.pps.empty() && pps_id(codec, sets.pps) != pps_id(codec, nal)) break;
      sets.pps = to_bytes(nal);
      return;
    case NalKind::kKeySlice:
      key = slices = true;
      break;
    case NalKind::kSlice:
      slices = true;
      break;
    case NalKind::kSei:
    case NalKind::kOther:
      break;
  }
  append_length_prefixed(data, nal);
}

void NalCollector::clear() {
  data.clear();
  sets = {};
  key = slices = false;
}

NalCollector collect_annexb(Codec codec, ByteView access_unit) {
  NalCollector collector(codec);
  collector.data.reserve(access_unit.size() + 16);
  AnnexBReader reader(access_unit);
  for (auto nal = reader.next(); !nal.empty(); nal = reader.next()) collector.add(nal);
  return collector;
}

NalCollector collect_length_prefixed(Codec codec, ByteView access_unit, int length_bytes) {
  NalCollector collector(codec);
  collector.data.reserve(access_unit.size() + 16);
  LengthPrefixedReader reader(access_unit, length_bytes);
  for (auto nal = reader.next(); !nal.empty(); nal = reader.next()) collector.add(nal);
  return collector;
}

bool update_parameter_sets(VideoInfo& video, const ParameterSets& sets) {
  bool changed = false;
  const auto update = [&changed](Bytes& mine, const Bytes& theirs) {
    if (theirs.empty() || mine == theirs) return;
    mine = theirs;
    changed = true;
  };
  update(video.vps, sets.vps);
  update(video.sps, sets.sps);
  update(video.pps, sets.pps);
  return changed;
}

}  // namespace camctl::media

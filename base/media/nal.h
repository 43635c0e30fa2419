// NAL units of H.264 (ISO 14496-10 §7.3.1) and H.265 (ISO 23008-2 §7.3.1): finding, classifying, re-framing.
#pragma once

#include <cstdint>
#include <span>

#include "base/media/access_unit.h"
#include "base/media/stream_info.h"

namespace camctl::media {

using ByteView = std::span<const std::uint8_t>;

// A camera's picture is far below this even at 8K; more is an attack or a lost start code.
inline constexpr std::size_t kMaxNalBytes = 16u << 20;
// Real sets have at most some hundred bytes.
inline constexpr std::size_t kMaxParameterSetBytes = 4096;

// What a NAL unit is, as far as we treat it differently.
enum class NalKind : std::uint8_t {
  kSlice,     // coded picture data that other pictures are needed for
  kKeySlice,  // IDR; for H.265 also BLA and CRA
  kVps,
  kSps,
  kPps,
  kAud,     // access unit delimiter
  kSei,     // supplemental information (kept)
  kFiller,  // filler data, end of sequence or of stream, reserved and unspecified types: never stored
  kOther,   // kept as it is
};

// Of an H.264 or H.265 NAL unit without start code. Too short or another codec: kFiller.
NalKind classify(Codec codec, ByteView nal);

inline bool is_slice(NalKind kind) { return kind == NalKind::kSlice || kind == NalKind::kKeySlice; }
inline bool is_parameter_set(NalKind kind) {
  return kind == NalKind::kVps || kind == NalKind::kSps || kind == NalKind::kPps;
}

// True where this slice is the first of its picture (first_mb_in_slice is 0, or
// first_slice_segment_in_pic_flag is set): tells pictures apart where a camera's RTP marker bits are wrong.
bool starts_picture(Codec codec, ByteView nal);

// Walks a byte stream of Annex B. NAL units come without start code and without trailing zero bytes; bytes
// before the first start code are skipped. The views point into `stream`.
class AnnexBReader {
 public:
  explicit AnnexBReader(ByteView stream);
  // The next NAL unit that is not empty; empty at the end.
  ByteView next();

 private:
  ByteView rest_;  // behind a start code
};

// Walks NAL units that each stand behind their length (ISO 14496-15 §5.3.3).
class LengthPrefixedReader {
 public:
  // `length_bytes` is 1, 2 or 4.
  explicit LengthPrefixedReader(ByteView sample, int length_bytes = 4)
      : rest_(sample), length_bytes_(length_bytes) {}
  // The next NAL unit that is not empty; empty at the end, and from a length on that points beyond the end.
  ByteView next();
  // True after next() has met such a length.
  bool broken() const { return broken_; }

 private:
  ByteView rest_;
  int length_bytes_;
  bool broken_ = false;
};

// One NAL unit each, without start code or length; empty where there was none.
struct ParameterSets {
  Bytes vps, sps, pps;
  friend bool operator==(const ParameterSets&, const ParameterSets&) = default;
};

// An access unit put together from NAL units, in the form that AccessUnit::data has.
struct NalCollector {
  explicit NalCollector(Codec c) : codec(c) {}

  // Takes the next NAL unit of the picture: appends it to `data` behind its length, or keeps it in `sets`, or
  // leaves it out (delimiters, filler, more than kMaxNalBytes). The last set of a kind wins, except a PPS
  // with another id than the first: such a one stays in `data`, since StreamInfo holds a single PPS.
  void add(ByteView nal);
  // Ready for the next picture: everything but `codec` is emptied.
  void clear();

  Codec codec;
  Bytes data;
  ParameterSets sets;
  bool key = false;     // a key slice is among them
  bool slices = false;  // any coded picture data is
};

// All NAL units of an access unit in Annex B, or behind lengths of `length_bytes` bytes, collected.
NalCollector collect_annexb(Codec codec, ByteView access_unit);
NalCollector collect_length_prefixed(Codec codec, ByteView access_unit, int length_bytes);

// Appends one NAL unit behind its length as 4 bytes.
void append_length_prefixed(Bytes& out, ByteView nal);

// Copies `sets` into the codec fields of `video`; true where that changed them. Empty sets change nothing.
bool update_parameter_sets(VideoInfo& video, const ParameterSets& sets);

}  // namespace camctl::media

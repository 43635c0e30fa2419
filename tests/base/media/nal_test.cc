#include "base/media/nal.h"

#include <doctest/doctest.h>

#include <vector>

#include "tests/base/media/hex.h"

namespace camctl::media {
namespace {

std::vector<Bytes> all(AnnexBReader reader) {
  std::vector<Bytes> out;
  for (auto nal = reader.next(); !nal.empty(); nal = reader.next()) out.emplace_back(nal.begin(), nal.end());
  return out;
}

TEST_CASE("Annex B is split at start codes of three and four bytes") {
  struct Case {
    const char* stream;
    std::vector<const char*> nals;
  };
  for (const auto& c : {
           Case{"", {}}, Case{"000001", {}}, Case{"0000016501", {"6501"}},
           Case{"000000016742000000016802000001658880", {"6742", "6802", "658880"}},
           Case{"ffff00000109f0", {"09f0"}},                      // bytes before the first start code
           Case{"0000000165aa0000000000000141", {"65aa", "41"}},  // trailing zeros
           Case{"000001000001000001410000", {"41"}},              // empty units
           Case{"0102030405", {}},
           Case{"00000165000003000001", {"65000003"}},  // the last start code begins nothing
       }) {
    CAPTURE(c.stream);
    std::vector<Bytes> expected;
    for (const auto* hex : c.nals) expected.push_back(from_hex(hex));
    const auto stream = from_hex(c.stream);
    CHECK(all(AnnexBReader(stream)) == expected);
  }
}

TEST_CASE("length-prefixed units, and lengths that point beyond the end") {
  struct Case {
    const char* sample;
    int length_bytes;
    std::size_t units;
    bool broken;
  };
  for (const auto& c : {Case{"00000002418000000001aa", 4, 2, false}, Case{"000241800001aa", 2, 2, false},
                        Case{"02418001aa", 1, 2, false}, Case{"00000000", 4, 0, false}, Case{"", 4, 0, false},
                        Case{"00000002418000000005aa", 4, 1, true}, Case{"0000", 4, 0, true},
                        Case{"ffffffff41", 4, 0, true}}) {
    CAPTURE(c.sample);
    const auto sample = from_hex(c.sample);
    LengthPrefixedReader reader(sample, c.length_bytes);
    std::size_t units = 0;
    while (!reader.next().empty()) ++units;
    CHECK(units == c.units);
    CHECK(reader.broken() == c.broken);
  }
}

TEST_CASE("types of NAL units") {
  struct Case {
    Codec codec;
    const char* nal;
    NalKind kind;
  };
  for (const auto& c :
       {Case{Codec::kH264, "65", NalKind::kKeySlice}, Case{Codec::kH264, "41", NalKind::kSlice},
        Case{Codec::kH264, "67", NalKind::kSps}, Case{Codec::kH264, "68", NalKind::kPps},
        Case{Codec::kH264, "06", NalKind::kSei}, Case{Codec::kH264, "0910", NalKind::kAud},
        Case{Codec::kH264, "0c", NalKind::kFiller}, Case{Codec::kH264, "7c", NalKind::kFiller},
        Case{Codec::kH264, "", NalKind::kFiller}, Case{Codec::kH265, "2601", NalKind::kKeySlice},
        Case{Codec::kH265, "2a01", NalKind::kKeySlice}, Case{Codec::kH265, "0201", NalKind::kSlice},
        Case{Codec::kH265, "4001", NalKind::kVps}, Case{Codec::kH265, "4201", NalKind::kSps},
        Case{Codec::kH265, "4401", NalKind::kPps}, Case{Codec::kH265, "4601", NalKind::kAud},
        Case{Codec::kH265, "4e01", NalKind::kSei}, Case{Codec::kH265, "26", NalKind::kFiller},
        Case{Codec::kMjpeg, "65", NalKind::kFiller}}) {
    CAPTURE(c.nal);
    CHECK(classify(c.codec, from_hex(c.nal)) == c.kind);
  }
}

TEST_CASE("the first slice of a picture") {
  CHECK(starts_picture(Codec::kH264, from_hex("6588")));
  CHECK_FALSE(starts_picture(Codec::kH264, from_hex("6544")));
  CHECK(starts_picture(Codec::kH265, from_hex("0201d0")));
  CHECK_FALSE(starts_picture(Codec::kH265, from_hex("020150")));
  CHECK_FALSE(starts_picture(Codec::kH264, from_hex("6788")));
  CHECK_FALSE(starts_picture(Codec::kH264, from_hex("65")));
}

TEST_CASE("an access unit is collected: sets apart, delimiters and filler left out") {
  const auto stream = from_hex(
      "0000000109f000000001674200000001688000000001060100000165888000000001"
      "0cff");
  const auto unit = collect_annexb(Codec::kH264, stream);
  CHECK(unit.key);
  CHECK(unit.slices);
  CHECK(unit.sets.sps == from_hex("6742"));
  CHECK(unit.sets.pps == from_hex("6880"));
  CHECK(unit.data == from_hex("00000002060100000003658880"));

  auto again = collect_length_prefixed(Codec::kH264, unit.data, 4);
  CHECK(again.data == unit.data);
  again.clear();
  CHECK(again.data.empty());
  CHECK_FALSE(again.key);
}

TEST_CASE("a second PPS stays in the picture") {
  // pps ids 0 (bit 1...) and 1 (bits 010...)
  const auto unit = collect_annexb(Codec::kH264, from_hex("00000168ce0000016848000001658880000001"
                                                          "68cf"));
  CHECK(unit.sets.pps == from_hex("68cf"));
  CHECK(unit.data == from_hex("00000002684800000003658880"));
}

TEST_CASE("parameter sets that are new are told") {
  VideoInfo video;
  CHECK(update_parameter_sets(video, {{}, from_hex("6742"), from_hex("68")}));
  CHECK_FALSE(update_parameter_sets(video, {{}, from_hex("6742"), from_hex("68")}));
  CHECK_FALSE(update_parameter_sets(video, {}));
  CHECK(update_parameter_sets(video, {{}, from_hex("6743"), {}}));
  CHECK(video.pps == from_hex("68"));
}

}  // namespace
}  // namespace camctl::media

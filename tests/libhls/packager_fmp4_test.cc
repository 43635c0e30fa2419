#include "libhls/packager_fmp4.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/libhls/feeding.h"

namespace camctl::hls {
namespace {

using media::Bytes;
using media::ByteView;

Bytes flat(const Body& body) {
  Bytes out;
  for (const auto piece : body.pieces) out.insert(out.end(), piece.begin(), piece.end());
  CHECK(out.size() == body.size);
  return out;
}

std::uint64_t number(ByteView data, std::size_t at, int bytes) {
  std::uint64_t out = 0;
  for (int i = 0; i < bytes; ++i) out = out << 8 | data[at + static_cast<std::size_t>(i)];
  return out;
}

bool is_container(std::string_view type) {
  for (const auto* name : {"moov", "trak", "mdia", "minf", "dinf", "stbl", "mvex", "moof", "traf"}) {
    if (type == name) return true;
  }
  return false;
}

struct Found {
  std::string path;  // "moof/traf/trun"
  ByteView body;     // behind size and type
  std::size_t at;    // of the body, from the front of the stream
};

// All boxes in order (ISO 14496-12 §4.2); checks that sizes add up.
void walk(ByteView data, const std::string& prefix, std::size_t base, std::vector<Found>& out) {
  std::size_t at = 0;
  while (at < data.size()) {
    REQUIRE(data.size() - at >= 8);
    const auto size = number(data, at, 4);
    REQUIRE(size >= 8);
    REQUIRE(size <= data.size() - at);
    const std::string type(reinterpret_cast<const char*>(data.data()) + at + 4, 4);
    const auto path = prefix.empty() ? type : prefix + "/" + type;
    const auto body = data.subspan(at + 8, size - 8);
    out.push_back({path, body, base + at + 8});
    if (is_container(type)) walk(body, path, base + at + 8, out);
    at += size;
  }
}

std::vector<Found> boxes_of(const Bytes& stream) {
  std::vector<Found> out;
  walk(stream, "", 0, out);
  return out;
}

std::vector<Found> all(const std::vector<Found>& boxes, std::string_view path) {
  std::vector<Found> out;
  for (const auto& box : boxes) {
    if (box.path == path) out.push_back(box);
  }
  return out;
}

TEST_CASE("the init segment has a track for each of video and audio") {
  struct Case {
    media::StreamInfoPtr info;
    std::size_t tracks;
    const char* entry;
  };
  for (const auto& c : {Case{make_info(h264_info(), aac_info()), 2, "avc1"},
                        Case{make_info(h265_info(), std::nullopt), 1, "hvc1"},
                        Case{make_info(std::nullopt, aac_info()), 1, "mp4a"}}) {
    CAPTURE(c.entry);
    const auto body = package_init(*c.info);
    REQUIRE(body.has_value());
    const auto stream = flat(**body);
    const auto boxes = boxes_of(stream);
    CHECK(boxes.front().path == "ftyp");
    CHECK(all(boxes, "moov/trak/tkhd").size() == c.tracks);
    CHECK(all(boxes, "moov/mvex/trex").size() == c.tracks);
    const auto entries = all(boxes, "moov/trak/mdia/minf/stbl/stsd");
    REQUIRE(entries.size() == c.tracks);
    CHECK(std::string(reinterpret_cast<const char*>(entries[0].body.data()) + 12, 4) == c.entry);
    if (c.info->video) {
      CHECK(number(entries[0].body, 8 + 8 + 24, 2) == 1920);
      CHECK(number(entries[0].body, 8 + 8 + 26, 2) == 1080);
    }
  }
}

TEST_CASE("sizes that the stream information lacks come from the parameter sets") {
  for (auto video : {h264_info(), h265_info()}) {
    video.width = video.height = 0;
    const auto body = package_init(*make_info(video, std::nullopt));
    REQUIRE(body.has_value());
    const auto stream = flat(**body);
    const auto header = all(boxes_of(stream), "moov/trak/tkhd");
    CHECK(number(header[0].body, 76, 4) == 1920u << 16);
    CHECK(number(header[0].body, 80, 4) == 1080u << 16);
  }
}

TEST_CASE("what an init segment can't say") {
  auto bad_video = h264_info();
  bad_video.sps = media::from_hex("67");
  auto bad_audio = aac_info();
  bad_audio.config.clear();
  auto g711 = aac_info();
  g711.codec = media::Codec::kPcmu;
  struct Case {
    media::StreamInfoPtr info;
    ErrorCode code;
  };
  for (const auto& c : {Case{make_info(bad_video, std::nullopt), ErrorCode::kProtocol},
                        Case{make_info(h264_info(), bad_audio), ErrorCode::kProtocol},
                        Case{make_info(std::nullopt, g711), ErrorCode::kUnsupported},
                        Case{make_info({}, {}), ErrorCode::kUnsupported}}) {
    const auto body = package_init(*c.info);
    REQUIRE_FALSE(body.has_value());
    CHECK(body.error().code == c.code);
  }
}

// One sample as a trun tells it.
struct Sample {
  std::uint64_t dts, duration, size, flags;
  std::int32_t composition;
  std::size_t at;
};

std::vector<Sample> samples_of(const std::vector<Found>& boxes, std::size_t track) {
  const auto tfhd = all(boxes, "moof/traf/tfhd")[track].body;
  const auto tfdt = all(boxes, "moof/traf/tfdt")[track].body;
  const auto trun = all(boxes, "moof/traf/trun")[track].body;
  const auto moof = all(boxes, "moof")[0].at - 8;
  CHECK(tfdt[0] == 1);
  CHECK(trun[0] == 1);
  const auto flags = number(trun, 1, 3);
  auto dts = number(tfdt, 4, 8);
  auto at = moof + number(trun, 8, 4);
  std::size_t i = 12;
  std::vector<Sample> out;
  for (auto count = number(trun, 4, 4); count > 0; --count) {
    Sample s{dts, number(trun, i, 4), number(trun, i + 4, 4), number(tfhd, 8, 4), 0, at};
    i += 8;
    if (flags & 0x400) s.flags = number(trun, i, 4), i += 4;
    if (flags & 0x800) s.composition = static_cast<std::int32_t>(number(trun, i, 4)), i += 4;
    dts += s.duration;
    at += s.size;
    out.push_back(s);
  }
  CHECK(i == trun.size());
  return out;
}

TEST_CASE("a segment says where each access unit is, and when") {
  Window window({});
  window.set_info(make_info(h264_info(), aac_info()));
  push_video(window, kSecond, 151, 50, true, 300);
  const auto state = window.state();
  REQUIRE(state->segments.size() == 3);
  std::uint64_t video_end = 0, audio_end = 0;
  for (const auto& segment : state->segments) {
    const auto body = package_fmp4(*segment);
    REQUIRE(body.has_value());
    const auto stream = flat(**body);
    const auto boxes = boxes_of(stream);
    CHECK(boxes.front().path == "styp");
    CHECK(boxes.back().path == "mdat");
    CHECK(number(all(boxes, "moof/mfhd")[0].body, 4, 4) == (segment->number + 1) * 256);
    // Video and audio in turn: payload as in the units, times without gap to the segment before.
    for (const std::size_t track : {std::size_t{0}, std::size_t{1}}) {
      const auto samples = samples_of(boxes, track);
      auto sample = samples.begin();
      for (const auto& unit : segment->units) {
        if ((unit->track == media::TrackKind::kVideo) != (track == 0)) continue;
        REQUIRE(sample != samples.end());
        CHECK(sample->dts == static_cast<std::uint64_t>(unit->dts));
        CHECK(Bytes(stream.begin() + static_cast<std::ptrdiff_t>(sample->at),
                    stream.begin() + static_cast<std::ptrdiff_t>(sample->at + sample->size)) == unit->data);
        CHECK((sample->flags == 0x02000000) == unit->key);
        ++sample;
      }
      CHECK(sample == samples.end());
      auto& end = track == 0 ? video_end : audio_end;
      if (end != 0) CHECK(samples.front().dts == end);
      end = samples.back().dts + samples.back().duration;
    }
  }
}

TEST_CASE("the payload is referred to, not copied") {
  auto segment = std::make_shared<Segment>();
  segment->info = make_info(h264_info(), std::nullopt);
  segment->units = {std::make_shared<const media::AccessUnit>(video_unit(0, true, 1'000'000))};
  const auto* data = segment->units[0]->data.data();
  const auto body = package_fmp4(*segment);
  segment.reset();
  REQUIRE(body.has_value());
  REQUIRE((*body)->pieces.size() == 2);
  CHECK((*body)->pieces[1].data() == data);  // still alive: the body owns it
  CHECK((*body)->pieces[1].back() == 0x55);
}

TEST_CASE(
    "pictures out of order have composition offsets; the last sample ends where the next segment begins") {
  Segment segment;
  segment.info = make_info(h265_info(), std::nullopt);
  segment.video_end = 4 * kFrame;
  for (const auto& [i, composition] : {std::pair{0, 1}, std::pair{1, 3}, std::pair{2, 0}}) {
    segment.units.push_back(
        std::make_shared<const media::AccessUnit>(video_unit(i * kFrame, i == 0, 20, composition * kFrame)));
  }
  const auto body = package_fmp4(segment);
  REQUIRE(body.has_value());
  const auto stream = flat(**body);
  const auto samples = samples_of(boxes_of(stream), 0);
  REQUIRE(samples.size() == 3);
  CHECK(samples[0].composition == kFrame);
  CHECK(samples[1].composition == 3 * kFrame);
  CHECK(samples[2].composition == 0);
  CHECK(samples[2].duration == 2 * kFrame);
}

TEST_CASE("a segment of nothing that fits") {
  Segment segment;
  CHECK(package_fmp4(segment).error().code == ErrorCode::kInternal);
  segment.info = make_info(h264_info(), std::nullopt);
  CHECK(package_fmp4(segment).error().code == ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace camctl::hls

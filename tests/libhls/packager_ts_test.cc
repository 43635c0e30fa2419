#include "libhls/packager_ts.h"

#include <doctest/doctest.h>

#include <map>

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

struct Packet {
  std::uint16_t pid = 0;
  bool start = false, random_access = false;
  unsigned counter = 0;
  std::optional<std::int64_t> pcr;  // of 90 kHz
  ByteView payload;
};

// ISO 13818-1 §2.4.3
std::vector<Packet> packets_of(const Bytes& stream) {
  std::vector<Packet> out;
  REQUIRE(stream.size() % 188 == 0);
  for (std::size_t at = 0; at < stream.size(); at += 188) {
    const auto p = ByteView(stream).subspan(at, 188);
    REQUIRE(p[0] == 0x47);
    Packet packet;
    packet.pid = static_cast<std::uint16_t>((p[1] & 0x1f) << 8 | p[2]);
    packet.start = (p[1] & 0x40) != 0;
    packet.counter = p[3] & 15;
    const int control = p[3] >> 4 & 3;
    std::size_t header = 4;
    if (control & 2) {
      header += 1 + p[4];
      if (p[4] > 0) {
        packet.random_access = (p[5] & 0x40) != 0;
        if (p[5] & 0x10) {
          packet.pcr = std::int64_t{p[6]} << 25 | p[7] << 17 | p[8] << 9 | p[9] << 1 | p[10] >> 7;
        }
      }
    }
    REQUIRE(header <= 188);
    if (control & 1) {
      packet.payload = p.subspan(header);
      REQUIRE_FALSE(packet.payload.empty());
    } else {
      REQUIRE(header == 188);
    }
    out.push_back(packet);
  }
  return out;
}

struct Pes {
  std::int64_t pts = 0, dts = 0;
  bool random_access = false;
  Bytes payload;
};

std::int64_t time_at(ByteView field) {
  return std::int64_t{field[0] >> 1 & 7} << 30 | field[1] << 22 | (field[2] >> 1) << 15 | field[3] << 7 |
         field[4] >> 1;
}

std::vector<Pes> pes_of(const std::vector<Packet>& packets, std::uint16_t pid) {
  std::vector<Pes> out;
  std::vector<Bytes> raw;
  for (const auto& packet : packets) {
    if (packet.pid != pid || packet.payload.empty()) continue;
    if (packet.start) {
      raw.emplace_back();
      out.emplace_back();
      out.back().random_access = packet.random_access;
      CHECK(packet.payload.size() >= 14);  // the header is not torn
    }
    REQUIRE_FALSE(raw.empty());
    raw.back().insert(raw.back().end(), packet.payload.begin(), packet.payload.end());
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto& bytes = raw[i];
    REQUIRE(bytes.size() > 14);
    CHECK(Bytes(bytes.begin(), bytes.begin() + 3) == media::from_hex("000001"));
    const std::size_t length = std::size_t{bytes[4]} << 8 | bytes[5];
    if (length != 0) CHECK(length == bytes.size() - 6);
    out[i].pts = out[i].dts = time_at(ByteView(bytes).subspan(9));
    if (bytes[7] & 0x40) out[i].dts = time_at(ByteView(bytes).subspan(14));
    out[i].payload.assign(bytes.begin() + 9 + bytes[8], bytes.end());
  }
  return out;
}

SegmentPtr segment_of(media::StreamInfoPtr info, std::uint64_t number, std::vector<media::AccessUnit> units) {
  auto segment = std::make_shared<Segment>();
  segment->number = number;
  segment->info = std::move(info);
  for (auto& unit : units)
    segment->units.push_back(std::make_shared<const media::AccessUnit>(std::move(unit)));
  return segment;
}

constexpr std::int64_t kTsEpoch = 900'000;

TEST_CASE("a segment of H.264 and AAC") {
  Window window({});
  window.set_info(make_info(h264_info(), aac_info()));
  push_video(window, kSecond, 151, 50, true, 5'000);
  std::map<std::uint16_t, unsigned> next_counter;
  for (const auto& segment : window.state()->segments) {
    const auto body = package_ts(*segment);
    REQUIRE(body.has_value());
    const auto stream = flat(**body);
    const auto packets = packets_of(stream);
    CHECK(packets[0].pid == 0);
    CHECK(packets[1].pid == 0x1000);
    // Counters run on through all segments (§2.4.3.3).
    for (const auto& packet : packets) {
      if (packet.payload.empty()) continue;
      const auto known = next_counter.find(packet.pid);
      if (known != next_counter.end()) CHECK(packet.counter == known->second);
      next_counter[packet.pid] = (packet.counter + 1) % 16;
    }
    const auto video = pes_of(packets, 0x100);
    REQUIRE(video.size() == 50);
    CHECK(video[0].random_access);
    CHECK_FALSE(video[1].random_access);
    // Delimiter, SPS, PPS, then the key slice in Annex B.
    const auto& units = segment->units;
    Bytes expected = media::from_hex("0000000109f0");
    for (const auto* set : {&segment->info->video->sps, &segment->info->video->pps}) {
      const auto code = media::from_hex("00000001");
      expected.insert(expected.end(), code.begin(), code.end());
      expected.insert(expected.end(), set->begin(), set->end());
    }
    const auto code = media::from_hex("00000001");
    expected.insert(expected.end(), code.begin(), code.end());
    expected.insert(expected.end(), units.front()->data.begin() + 4, units.front()->data.end());
    CHECK(video[0].payload == expected);
    CHECK(video[0].pts == units.front()->pts + kTsEpoch);

    std::size_t frames = 0;
    for (const auto& pes : pes_of(packets, 0x101)) frames += pes.payload.size() / 57;
    CHECK(frames == static_cast<std::size_t>(units.size() - 50));
  }
}

TEST_CASE("clock references: before every decoding time, at most 100 ms apart") {
  for (const media::Ticks interval : {media::Ticks{3'600}, media::Ticks{45'000}, media::Ticks{180'000}}) {
    CAPTURE(interval);
    std::vector<media::AccessUnit> units;
    for (int i = 0; i < 4; ++i) units.push_back(video_unit(i * interval, i == 0, 400));
    const auto body = package_ts(*segment_of(make_info(h264_info(), std::nullopt), 0, std::move(units)));
    REQUIRE(body.has_value());
    const auto stream = flat(**body);
    std::optional<std::int64_t> last;
    for (const auto& packet : packets_of(stream)) {
      if (!packet.pcr) continue;
      if (last) {
        CHECK(*packet.pcr > *last);
        CHECK(*packet.pcr - *last <= 9'000);
      }
      last = packet.pcr;
    }
    CHECK(last == 3 * interval + kTsEpoch - 63'000);
  }
}

TEST_CASE("pictures out of order carry both times, and times wrap at 33 bits") {
  const media::Ticks wrap = (media::Ticks{1} << 33) - kTsEpoch;
  const auto body = package_ts(*segment_of(make_info(h265_info(), std::nullopt), 0,
                                           {video_unit(wrap - kFrame, true, 90, 2 * kFrame)}));
  REQUIRE(body.has_value());
  const auto stream = flat(**body);
  const auto video = pes_of(packets_of(stream), 0x100);
  REQUIRE(video.size() == 1);
  CHECK(video[0].pts == kFrame);
  CHECK(video[0].dts == (std::int64_t{1} << 33) - kFrame);
  CHECK(Bytes(video[0].payload.begin(), video[0].payload.begin() + 7) == media::from_hex("00000001460150"));
}

TEST_CASE("audio alone carries the clock, and frames share PES packets") {
  std::vector<media::AccessUnit> units;
  for (int i = 0; i < 94; ++i) units.push_back(audio_unit(i * kAacFrame, 340));
  const auto body = package_ts(*segment_of(make_info(std::nullopt, aac_info()), 3, std::move(units)));
  REQUIRE(body.has_value());
  const auto stream = flat(**body);
  const auto packets = packets_of(stream);
  CHECK(packets[0].counter == 3);
  const auto audio = pes_of(packets, 0x101);
  CHECK(audio.size() < 20);
  for (const auto& pes : audio) {
    CHECK(pes.payload[0] == 0xff);
    CHECK((pes.pts - kTsEpoch) % 1'920 == 0);
  }
}

TEST_CASE("payloads of every size are spread without loss") {
  for (std::size_t size = 1; size < 3'300; size += 7) {
    CAPTURE(size);
    const auto body = package_ts(*segment_of(make_info(h264_info(), std::nullopt), 0,
                                             {video_unit(0, true, size), video_unit(kFrame, false, 2)}));
    REQUIRE(body.has_value());
    const auto stream = flat(**body);
    const auto packets = packets_of(stream);
    const auto video = pes_of(packets, 0x100);
    REQUIRE(video.size() == 2);
    CHECK(video[0].payload.size() == 6 + 4 + 27 + 4 + 6 + 4 + size);
    CHECK(video[1].payload.size() == 6 + 4 + 2);
    std::size_t sum = 0;
    for (const auto& packet : packets) sum += packet.pid == 0x100 && !packet.payload.empty() ? 1 : 0;
    CHECK(sum % 16 == 0);
  }
}

TEST_CASE("what MPEG-TS can't carry") {
  auto g711 = aac_info();
  g711.codec = media::Codec::kPcma;
  auto mjpeg = h264_info();
  mjpeg.codec = media::Codec::kMjpeg;
  for (const auto& info :
       {make_info(std::nullopt, g711), make_info(mjpeg, std::nullopt), make_info({}, {})}) {
    const auto body = package_ts(*segment_of(info, 0, {}));
    REQUIRE_FALSE(body.has_value());
    CHECK(body.error().code == ErrorCode::kUnsupported);
  }
  // G.711 beside video is left out.
  const auto body =
      package_ts(*segment_of(make_info(h264_info(), g711), 0, {video_unit(0, true), audio_unit(0)}));
  REQUIRE(body.has_value());
  const auto stream = flat(**body);
  CHECK(pes_of(packets_of(stream), 0x101).empty());
}

}  // namespace
}  // namespace camctl::hls

#include "librtsp/depacketizer_jpeg.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace camctl;
using namespace camctl::rtsp;
using media::Bytes;

namespace {

struct Collected final : DepacketizerSink {
  std::vector<media::AccessUnit> units;
  std::pair<int, int> size;
  void on_parameter_sets(const media::ParameterSets&) override {}
  void on_picture_size(std::uint16_t width, std::uint16_t height) override { size = {width, height}; }
  void on_access_unit(media::AccessUnit unit) override { units.push_back(std::move(unit)); }
};

struct Run {
  Collected collected;
  JpegDepacketizer depacketizer;
  std::uint32_t timestamp = 0;

  explicit Run(JpegDepacketizer::Size described = {}) : depacketizer(described, collected) {}
  void push(const Bytes& payload, bool marker, bool lost = false, media::ByteView extension = {}) {
    RtpPacket packet;
    packet.marker = marker;
    packet.timestamp = timestamp;
    packet.payload = payload;
    packet.extension_id = extension.empty() ? 0 : 0xffd8;
    packet.extension = extension;
    depacketizer.push(packet, lost, {});
    if (marker) timestamp += 3600;
  }
};

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Header {
  std::uint32_t offset = 0;
  std::uint8_t type = 1, q = 50, width8 = 40, height8 = 30;
  operator Bytes() const {
    return {0,
            static_cast<std::uint8_t>(offset >> 16),
            static_cast<std::uint8_t>(offset >> 8),
            static_cast<std::uint8_t>(offset),
            type,
            q,
            width8,
            height8};
  }
};

Bytes in_band(std::uint8_t precision, const Bytes& tables) {
  return Bytes{0, precision, static_cast<std::uint8_t>(tables.size() >> 8),
               static_cast<std::uint8_t>(tables.size())} +
         tables;
}

// A marker segment of a picture, without its length.
std::vector<Bytes> segments(const Bytes& picture, std::uint8_t code) {
  std::vector<Bytes> found;
  for (std::size_t at = 2; at + 4 <= picture.size();) {
    REQUIRE(picture[at] == 0xff);
    const std::size_t size = static_cast<std::size_t>(picture[at + 2]) << 8 | picture[at + 3];
    const auto begin = picture.begin() + static_cast<std::ptrdiff_t>(at);
    if (picture[at + 1] == code) found.emplace_back(begin + 4, begin + static_cast<std::ptrdiff_t>(2 + size));
    if (picture[at + 1] == 0xda) break;
    at += 2 + size;
  }
  return found;
}

// What stands behind the headers.
Bytes scan(const Bytes& picture) {
  constexpr std::array<std::uint8_t, 4> kSos = {0xff, 0xda, 0, 12};
  const auto at = std::search(picture.begin(), picture.end(), kSos.begin(), kSos.end());
  return {at + 14, picture.end()};
}

const Bytes kData(1000, 0x5a), kMore(300, 0xa5), kEoi = {0xff, 0xd9};

}  // namespace

TEST_CASE("the tables of a Q are those of the standard, in zigzag order") {
  const auto tables = jpeg_tables(50);
  REQUIRE(tables.size() == 128);
  CHECK(Bytes(tables.begin(), tables.begin() + 12) == Bytes{16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17});
  CHECK(Bytes(tables.begin() + 64, tables.begin() + 70) == Bytes{17, 18, 18, 24, 21, 24});
  CHECK(tables[63] == 99);
  CHECK(jpeg_tables(25)[0] == 32);
  CHECK(jpeg_tables(99)[0] == 1);  // never 0
  CHECK(jpeg_tables(1)[63] == 255);
}

TEST_CASE("fragments become a whole picture") {
  Run run;
  run.push(Bytes(Header{}) + kData, false);
  run.push(Bytes(Header{.offset = 1000}) + kMore, true);
  REQUIRE(run.collected.units.size() == 1);
  const auto& unit = run.collected.units[0];
  CHECK(unit.key);
  CHECK(!unit.gap_before);
  CHECK(unit.data[0] == 0xff);
  CHECK(unit.data[1] == 0xd8);
  CHECK(scan(unit.data) == kData + kMore + kEoi);
  CHECK(run.collected.size == std::pair(320, 240));
  const auto tables = segments(unit.data, 0xdb);
  REQUIRE(tables.size() == 2);
  CHECK(tables[0].size() == 65);
  CHECK(tables[1][0] == 1);
  // 8 bits, 240 lines of 320, three components, luma 2x2.
  CHECK(segments(unit.data, 0xc0)[0] == Bytes{8, 0, 240, 1, 64, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1});
  CHECK(segments(unit.data, 0xc4).size() == 4);
  CHECK(segments(unit.data, 0xdd).empty());
}

TEST_CASE("an end of image that the camera sends is not doubled") {
  Run run;
  run.push(Bytes(Header{}) + kData + kEoi, true);
  REQUIRE(run.collected.units.size() == 1);
  CHECK(scan(run.collected.units[0].data) == kData + kEoi);
}

TEST_CASE("type 0 is 4:2:2, types from 64 on have restart intervals") {
  Run run;
  run.push(Bytes(Header{.type = 64}) + Bytes{0, 20, 0xff, 0xff} + kData, false);
  run.push(Bytes(Header{.offset = 1000, .type = 64}) + Bytes{0, 20, 0xff, 0xff} + kMore, true);
  REQUIRE(run.collected.units.size() == 1);
  const auto& data = run.collected.units[0].data;
  CHECK(segments(data, 0xdd) == std::vector<Bytes>{{0, 20}});
  CHECK(segments(data, 0xc0)[0][7] == 0x21);
  CHECK(scan(data) == kData + kMore + kEoi);
}

TEST_CASE("tables in band, also of 16 bits, and referred to again") {
  Run run;
  const Bytes one(64, 7), two(128, 9);
  run.push(Bytes(Header{.q = 255}) + in_band(0, one + Bytes(64, 8)) + kData, true);
  run.push(Bytes(Header{.q = 255}) + in_band(1, two + one) + kData, true);
  run.push(Bytes(Header{.q = 200}) + in_band(0, one) + kData, true);
  run.push(Bytes(Header{.q = 200}) + in_band(0, {}) + kData, true);
  REQUIRE(run.collected.units.size() == 4);
  CHECK(segments(run.collected.units[0].data, 0xdb)[1] == Bytes{1} + Bytes(64, 8));
  CHECK(segments(run.collected.units[1].data, 0xdb)[0] == Bytes{0x10} + two);
  CHECK(segments(run.collected.units[1].data, 0xdb)[1] == Bytes{1} + one);
  CHECK(run.collected.units[3].data == run.collected.units[2].data);
  // A single table is that of all components.
  const auto frame = segments(run.collected.units[2].data, 0xc0)[0];
  CHECK(frame[11] == 0);
  CHECK(frame[14] == 0);
}

TEST_CASE("pictures beyond 2040 have their size from elsewhere") {
  const Header large{.width8 = 0, .height8 = 0};
  Run described({2592, 1944});
  described.push(Bytes(large) + kData, true);
  CHECK(described.collected.size == std::pair(2592, 1944));
  Run extended;
  const Bytes headers = {0xff, 0xdb, 0, 3, 0, 0xff, 0xc0, 0, 17, 8, 0x0a, 0, 0x0f, 0, 3};
  extended.push(Bytes(large) + kData, true, false, headers + Bytes(9, 0));
  CHECK(extended.collected.size == std::pair(3840, 2560));
  Run unknown;
  unknown.push(Bytes(large) + kData, true);
  unknown.push(Bytes(large) + kData, true, false, headers);  // cut off
  CHECK(unknown.collected.units.empty());
  CHECK(unknown.depacketizer.counters().malformed == 2);
}

TEST_CASE("a lost fragment costs its picture") {
  Run run;
  run.push(Bytes(Header{}) + kData, false);
  run.push(Bytes(Header{.offset = 2000}) + kMore, true, true);
  CHECK(run.collected.units.empty());
  run.push(Bytes(Header{}) + kData, true);
  REQUIRE(run.collected.units.size() == 1);
  CHECK(run.collected.units[0].gap_before);
  // Without a marker: the next picture's time tells.
  run.push(Bytes(Header{}) + kData, false);
  run.timestamp += 3600;
  run.push(Bytes(Header{}) + kMore, true);
  REQUIRE(run.collected.units.size() == 2);
  CHECK(scan(run.collected.units[1].data) == kMore + kEoi);
  CHECK(run.collected.units[1].gap_before);
  CHECK(run.depacketizer.counters().damaged == 2);
}

TEST_CASE("what RFC 2435 does not allow") {
  const Bytes rows[] = {
      {},
      {0, 0, 0, 0, 1, 50, 40},
      Bytes(Header{.q = 0}) + kData,
      Bytes(Header{.type = 2}) + kData,
      Bytes(Header{.type = 128}) + kData,
      Bytes(Header{.height8 = 0}) + kData,
      Bytes(Header{.type = 64}) + Bytes{0, 1},
      Bytes(Header{.q = 130}) + in_band(0, {}) + kData,  // never sent before
      Bytes(Header{.q = 255}) + in_band(0, {}) + kData,
      Bytes(Header{.q = 255}) + Bytes{0, 0, 1, 0} + Bytes(200, 1),
      Bytes(Header{.q = 255}) + in_band(0, Bytes(63, 1)) + kData,
      Bytes(Header{.q = 255}) + in_band(1, Bytes(64, 1)) + kData,
      Bytes(Header{}),  // no data
  };
  for (const auto& row : rows) {
    CAPTURE(row.size());
    Run run;
    run.push(row, true);
    CHECK(run.collected.units.empty());
    CHECK(run.depacketizer.counters().malformed == 1);
  }
}

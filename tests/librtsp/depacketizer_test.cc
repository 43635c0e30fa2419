#include "librtsp/depacketizer.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace camctl;
using namespace camctl::rtsp;
using media::Bytes;

namespace {

struct Collected final : DepacketizerSink {
  std::vector<media::AccessUnit> units;
  std::vector<media::ParameterSets> sets;
  void on_parameter_sets(const media::ParameterSets& s) override { sets.push_back(s); }
  void on_access_unit(media::AccessUnit unit) override { units.push_back(std::move(unit)); }
};

// One packet of a test stream.
struct P {
  std::uint32_t timestamp;
  bool marker;
  Bytes payload;
  bool lost = false;
};

struct Run {
  Collected collected;
  Depacketizer::Counters counters;
};

PayloadFormat format(std::string encoding, std::map<std::string, std::string, std::less<>> parameters = {},
                     std::uint32_t clock = 90'000) {
  const bool video = encoding.starts_with("H26") || encoding == "JPEG";
  return {.kind = video ? media::TrackKind::kVideo : media::TrackKind::kAudio,
          .encoding = std::move(encoding),
          .payload_type = 96,
          .clock_rate = clock,
          .channels = 1,
          .parameters = std::move(parameters)};
}

Run run(const PayloadFormat& f, const std::vector<P>& packets) {
  Run result;
  auto depacketizer = make_depacketizer(f, result.collected);
  REQUIRE(depacketizer);
  std::uint16_t sequence = 0;
  for (const auto& p : packets)
    (*depacketizer)
        ->push({.marker = p.marker, .sequence = sequence++, .timestamp = p.timestamp, .payload = p.payload},
               p.lost, {});
  result.counters = (*depacketizer)->counters();
  return result;
}

// H.264 NAL units: an IDR and a P slice that start a picture (first_mb_in_slice is 0: the bit behind the
// header is 1), and one of each that continues it.
const Bytes kSps = {0x67, 0x42, 0xc0, 0x1e}, kPps = {0x68, 0xce}, kSei = {0x06, 5, 1, 0, 0x80},
            kAud = {0x09, 0xf0};
const Bytes kIdr = {0x65, 0x88, 1, 2, 3, 4}, kIdrRest = {0x65, 0x40, 5, 6};
const Bytes kP = {0x41, 0x9a, 7, 8}, kPRest = {0x41, 0x40, 9};

Bytes framed(const std::vector<Bytes>& nals) {
  Bytes out;
  for (const auto& nal : nals) media::append_length_prefixed(out, nal);
  return out;
}

Bytes stap_a(const std::vector<Bytes>& nals) {
  Bytes out = {0x78};
  for (const auto& nal : nals) {
    out.push_back(static_cast<std::uint8_t>(nal.size() >> 8));
    out.push_back(static_cast<std::uint8_t>(nal.size()));
    out.insert(out.end(), nal.begin(), nal.end());
  }
  return out;
}

// The fragment of an H.264 NAL unit with bytes [from, to) of its payload.
Bytes fu_a(const Bytes& nal, std::size_t from, std::size_t to, bool start, bool end) {
  Bytes out = {static_cast<std::uint8_t>((nal[0] & 0xe0) | 28),
               static_cast<std::uint8_t>((nal[0] & 0x1f) | (start ? 0x80 : 0) | (end ? 0x40 : 0))};
  out.insert(out.end(), nal.begin() + 1 + static_cast<long>(from), nal.begin() + 1 + static_cast<long>(to));
  return out;
}

}  // namespace

TEST_CASE("H.264: single units, aggregates and fragments make the same picture, delivered at its marker") {
  const Bytes expected = framed({kSei, kIdr, kIdrRest});
  const std::vector<std::vector<P>> streams = {
      {{1, false, kAud},
       {1, false, kSps},
       {1, false, kPps},
       {1, false, kSei},
       {1, false, kIdr},
       {1, true, kIdrRest}},
      {{1, false, stap_a({kSps, kPps, kSei})}, {1, true, stap_a({kIdr, kIdrRest})}},
      {{1, false, stap_a({kSps, kPps, kSei})},
       {1, false, fu_a(kIdr, 0, 2, true, false)},
       {1, false, fu_a(kIdr, 2, 4, false, false)},
       {1, false, fu_a(kIdr, 4, 5, false, true)},
       {1, true, kIdrRest}},
      {{1, false, fu_a(kSps, 0, 1, true, false)},
       {1, false, fu_a(kSps, 1, 3, false, true)},
       {1, false, stap_a({kPps, kSei})},
       {1, false, kIdr},
       {1, true, kIdrRest}},
      // the marker also on the parameter sets, as some cameras send it
      {{1, true, kSps}, {1, true, kPps}, {1, false, kSei}, {1, false, kIdr}, {1, true, kIdrRest}},
  };
  for (std::size_t i = 0; i < streams.size(); ++i) {
    CAPTURE(i);
    const auto result = run(format("H264"), streams[i]);
    REQUIRE(result.collected.units.size() == 1);
    const auto& unit = result.collected.units[0];
    CHECK(unit.data == expected);
    CHECK(unit.key);
    CHECK(!unit.gap_before);
    CHECK(unit.pts == 1);
    REQUIRE(result.collected.sets.size() == 1);
    CHECK(result.collected.sets[0].sps == kSps);
    CHECK(result.collected.sets[0].pps == kPps);
    CHECK(result.counters.malformed == 0);
  }
}

TEST_CASE("H.264: without markers the next timestamp ends a picture") {
  const auto result =
      run(format("H264"), {{1, false, kIdr}, {2, false, kP}, {2, false, kPRest}, {3, false, kP}});
  REQUIRE(result.collected.units.size() == 2);
  CHECK(result.collected.units[0].key);
  CHECK(!result.collected.units[1].key);
  CHECK(result.collected.units[1].data == framed({kP, kPRest}));
}

TEST_CASE("H.264: a camera that marks every slice is found out after one picture") {
  const auto result = run(format("H264"), {{1, true, kIdr},
                                           {1, true, kIdrRest},
                                           {2, true, kP},
                                           {2, true, kPRest},
                                           {3, true, kP},
                                           {3, true, kPRest},
                                           {4, true, kP}});
  REQUIRE(result.collected.units.size() == 3);
  CHECK(result.collected.units[0].data == framed({kIdr}));  // before it was known
  CHECK(result.collected.units[1].gap_before);
  CHECK(result.collected.units[1].data == framed({kP, kPRest}));
  CHECK(result.collected.units[2].data == framed({kP, kPRest}));
  CHECK(!result.collected.units[2].gap_before);
}

TEST_CASE("H.264: a lost packet costs its picture and leaves a mark on the next, wherever it was") {
  const Bytes last_of_idr = fu_a(kIdr, 2, 5, false, true);
  const std::vector<std::vector<P>> streams = {
      // the middle of a fragmented slice
      {{1, false, fu_a(kIdr, 0, 2, true, false)}, {1, true, last_of_idr, true}, {2, true, kP}},
      // its beginning
      {{1, true, last_of_idr, true}, {2, true, kP}},
      // the first slice
      {{1, true, kIdrRest, true}, {2, true, kP}},
      // its end with the marker
      {{1, false, fu_a(kIdr, 0, 2, true, false)}, {2, true, kP, true}},
      // all of it
      {{2, true, kP, true}},
  };
  for (std::size_t i = 0; i < streams.size(); ++i) {
    CAPTURE(i);
    auto packets = streams[i];
    packets.insert(packets.begin(), {0, true, kP});
    packets.push_back({3, true, kP});
    const auto result = run(format("H264"), packets);
    REQUIRE(result.collected.units.size() == 3);
    CHECK(!result.collected.units[0].gap_before);
    CHECK(result.collected.units[1].pts == 2);
    CHECK(result.collected.units[1].gap_before);
    CHECK(!result.collected.units[2].gap_before);
  }
}

TEST_CASE("H.264: malformed payloads are counted, cost one picture and never more") {
  const Bytes rows[] = {
      {0x78, 0x00},                    // STAP-A with half a size
      {0x78, 0x00, 0x09, 0x65, 0x88},  // … whose unit is longer than the packet
      {0x78, 0x00, 0x00},              // … of nothing
      {0x7c},                          // FU-A without its header
      {0x7c, 0x85},                    // … without payload
      {0x7c, 0x05, 0x01},              // … that continues nothing
      {0x79, 1, 2, 3},                 // STAP-B
      {0x7f, 1},                       // type 31
  };
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    CAPTURE(i);
    const auto result =
        run(format("H264"), {{1, true, kIdr}, {2, false, rows[i]}, {2, true, kP}, {3, true, kP}});
    REQUIRE(result.collected.units.size() == 2);
    CHECK(result.collected.units[1].pts == 3);
    CHECK(result.collected.units[1].gap_before);
    CHECK(result.counters.damaged == 1);
  }
  CHECK(run(format("H264"), {{1, true, {}}, {2, true, kIdr}}).collected.units.size() == 1);
}

TEST_CASE("H.264: an endless picture is bounded") {
  Collected collected;
  auto depacketizer = make_depacketizer(format("H264"), collected);
  REQUIRE(depacketizer);
  Bytes piece = fu_a(Bytes(1400, 0x65), 0, 1399, true, false);
  piece[2] = 0x88;
  (*depacketizer)->push({.timestamp = 1, .payload = piece}, false, {});
  piece[1] &= 0x7f;
  for (std::size_t sent = 0; sent < kMaxAccessUnitBytes + 100'000; sent += piece.size())
    (*depacketizer)->push({.timestamp = 1, .payload = piece}, false, {});
  CHECK((*depacketizer)->counters().damaged == 1);
  CHECK(collected.units.empty());
}

TEST_CASE("H.265: single units, aggregates and fragments") {
  const Bytes vps = {0x40, 0x01, 0x0c}, sps = {0x42, 0x01, 0x01}, pps = {0x44, 0x01, 0xc0};
  const Bytes idr = {0x26, 0x01, 0xaf, 1, 2, 3}, idr_rest = {0x26, 0x01, 0x40, 4};
  const Bytes trail = {0x02, 0x01, 0xd0, 5};
  Bytes ap = {0x60, 0x01};
  for (const auto& nal : {vps, sps, pps}) {
    ap.push_back(0);
    ap.push_back(static_cast<std::uint8_t>(nal.size()));
    ap.insert(ap.end(), nal.begin(), nal.end());
  }
  const Bytes fu_start = {0x62, 0x01, 0x80 | 19, 0xaf, 1}, fu_end = {0x62, 0x01, 0x40 | 19, 2, 3};
  const auto result = run(format("H265"), {{1, false, ap},
                                           {1, false, fu_start},
                                           {1, false, fu_end},
                                           {1, true, idr_rest},
                                           {2, true, trail},
                                           {3, false, {0x60, 0x01, 0x00}},
                                           {3, true, trail},
                                           {4, true, trail}});
  REQUIRE(result.collected.units.size() == 3);
  CHECK(result.collected.units[0].data == framed({idr, idr_rest}));
  CHECK(result.collected.units[0].key);
  CHECK(result.collected.units[1].data == framed({trail}));
  CHECK(!result.collected.units[1].key);
  CHECK(result.collected.units[2].pts == 4);
  CHECK(result.collected.units[2].gap_before);
  REQUIRE(result.collected.sets.size() == 1);
  CHECK(result.collected.sets[0].vps == vps);
  CHECK(result.collected.sets[0].sps == sps);
}

TEST_CASE("AAC (RFC 3640): several frames in a packet, a frame in several packets") {
  const auto f = format(
      "MPEG4-GENERIC",
      {{"config", "1408"}, {"sizelength", "13"}, {"indexlength", "3"}, {"indexdeltalength", "3"}}, 16'000);
  SUBCASE("two frames follow each other by 1024 ticks") {
    const auto result = run(f, {{5000, true, {0, 32, 0, 2 << 3, 0, 3 << 3, 1, 2, 3, 4, 5}}});
    REQUIRE(result.collected.units.size() == 2);
    CHECK(result.collected.units[0].data == Bytes{1, 2});
    CHECK(result.collected.units[0].pts == 5000);
    CHECK(result.collected.units[1].data == Bytes{3, 4, 5});
    CHECK(result.collected.units[1].pts == 6024);
    CHECK(result.collected.units[1].key);
  }
  SUBCASE("fragments are joined, and a lost one costs the frame") {
    const Bytes head = {0, 16, 0, 4 << 3};
    const auto piece = [&](std::uint8_t a, std::uint8_t b) {
      Bytes out = head;
      out.push_back(a);
      out.push_back(b);
      return out;
    };
    const auto result = run(f, {{0, false, piece(1, 2)},
                                {0, true, piece(3, 4)},
                                {1024, false, piece(1, 2)},
                                {2048, true, piece(5, 6), true},
                                {3072, true, {0, 16, 0, 1 << 3, 9}}});
    REQUIRE(result.collected.units.size() == 2);
    CHECK(result.collected.units[0].data == Bytes{1, 2, 3, 4});
    CHECK(result.collected.units[1].data == Bytes{9});
    CHECK(result.collected.units[1].gap_before);
  }
  SUBCASE("malformed headers are counted") {
    for (const Bytes& payload : {Bytes{}, Bytes{0}, Bytes{0, 0, 1}, Bytes{0xff, 0xff, 1},
                                 Bytes{0, 16, 0, 0, 1}, Bytes{0, 32, 0, 8, 0, 80, 1, 2}}) {
      CHECK(run(f, {{0, true, payload}}).counters.malformed == 1);
    }
  }
}

TEST_CASE("AAC (LATM, RFC 6416): frames behind their lengths, over one packet or two") {
  const auto f = format("MP4A-LATM", {{"cpresent", "0"}, {"config", "40002410"}}, 44'100);
  media::StreamInfo info;
  REQUIRE(describe(f, info));
  CHECK(info.audio->sample_rate == 44'100);
  Bytes large(300, 7);
  Bytes first(102, 7);
  first[0] = 0xff, first[1] = 45;
  const auto result = run(f, {{0, true, {3, 1, 2, 3}},
                              {1024, false, first},
                              {1024, true, Bytes(large.begin() + 100, large.end())},
                              {2048, true, {9, 1}},
                              {3072, true, {1, 5}}});
  REQUIRE(result.collected.units.size() == 3);
  CHECK(result.collected.units[0].data == Bytes{1, 2, 3});
  CHECK(result.collected.units[1].data == large);
  CHECK(result.collected.units[2].data == Bytes{5});
  CHECK(result.collected.units[2].gap_before);
  CHECK(result.counters.malformed == 1);
}

TEST_CASE("G.711: a packet is an access unit") {
  const auto result = run(format("PCMA", {}, 8000),
                          {{0, true, Bytes(160, 1)}, {160, false, Bytes(160, 2), true}, {0, false, {}}});
  REQUIRE(result.collected.units.size() == 2);
  CHECK(result.collected.units[1].pts == 160);
  CHECK(result.collected.units[1].gap_before);
}

TEST_CASE("descriptions fill the stream's info") {
  media::StreamInfo info;
  REQUIRE(describe(format("H264", {{"packetization-mode", "1"}, {"sprop-parameter-sets", "Z0LAHg==,aM4="}}),
                   info));
  CHECK(info.video->codec == media::Codec::kH264);
  CHECK(info.video->sps == kSps);
  CHECK(info.video->pps == kPps);
  REQUIRE(describe(format("H264", {{"sprop-parameter-sets", "!!,Z0LAHg"}}), info));
  CHECK(info.video->sps == kSps);
  REQUIRE(describe(format("MPEG4-GENERIC", {{"config", "1408"}}, 16'000), info));
  CHECK(info.audio->config == Bytes{0x14, 0x08});
  CHECK(info.audio->channels == 1);
  REQUIRE(describe(format("MPEG4-GENERIC", {}, 48'000), info));  // no config: made from the rtpmap
  CHECK(info.audio->config.size() == 2);
  REQUIRE(describe(format("PCMU", {}, 8000), info));
  CHECK(info.audio->codec == media::Codec::kPcmu);
}

TEST_CASE("what we can't take apart is refused, so that the fallback reads it") {
  Collected collected;
  media::StreamInfo info;
  for (const auto& f :
       {format("H264", {{"packetization-mode", "2"}}), format("H265", {{"sprop-max-don-diff", "2"}}),
        format("JPEG2000"), format("VP8"), format("MPEG4-GENERIC", {{"sizelength", "0"}}, 8000)}) {
    CAPTURE(f.encoding);
    const auto made = make_depacketizer(f, collected);
    REQUIRE(!made);
    CHECK(made.error().code == ErrorCode::kUnsupported);
  }
  CHECK(!describe(format("MP4A-LATM", {{"config", "40002410"}}, 44'100), info));  // cpresent is 1 by default
  CHECK(!describe(format("H264", {}, 0), info));
}

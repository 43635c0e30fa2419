#include "librtsp/packetizer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "librtsp/depacketizer.h"
#include "librtsp/rtp_packet.h"

using namespace camctl;
using namespace camctl::rtsp;
using media::Bytes;
using media::Codec;

namespace {

// A NAL unit; as a slice, the first of its picture (first_mb_in_slice 0) or a later one.
Bytes nal(std::uint8_t first, std::size_t size, bool starts = true) {
  Bytes bytes(size);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{7});
  bytes[0] = first;
  if (size > 1) bytes[1] = starts ? 0x88 : 0x48;
  return bytes;
}

Bytes h265_nal(std::uint8_t type, std::size_t size, bool starts = true) {
  auto bytes = nal(static_cast<std::uint8_t>(type << 1), size);
  bytes[1] = 1;
  bytes[2] = starts ? 0x88 : 0x08;
  return bytes;
}

Bytes prefixed(const std::vector<Bytes>& nals) {
  Bytes data;
  for (const auto& unit : nals) media::append_length_prefixed(data, unit);
  return data;
}

struct Collected final : DepacketizerSink {
  std::vector<media::AccessUnit> units;
  media::ParameterSets sets;
  void on_parameter_sets(const media::ParameterSets& s) override { sets = s; }
  void on_access_unit(media::AccessUnit unit) override { units.push_back(std::move(unit)); }
};

// A packet as it travels, from its interleaved header on or behind it.
Bytes wire(const Burst& burst, std::size_t index, std::size_t from = kInterleavedHeader) {
  const auto& p = burst.packets[index];
  Bytes bytes;
  for (std::size_t k = 0; k < p.parts; ++k) {
    const auto& part = burst.parts[p.first_part + k];
    bytes.insert(bytes.end(), burst.data(part), burst.data(part) + part.size);
  }
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(from));
  return bytes;
}

// What holds for every burst: framing, sequence numbers, sizes, one timestamp, the marker at the end.
void check_packets(const Burst& burst, const RtpStream& stream, bool marker) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < burst.packets.size(); ++i) {
    const auto framed = wire(burst, i, 0), packet = wire(burst, i);
    CHECK(packet.size() == burst.packets[i].size);
    CHECK(framed[0] == '$');
    CHECK(framed[1] == stream.channel);
    CHECK((framed[2] << 8 | framed[3]) == burst.packets[i].size);
    size += framed.size();
    const auto rtp = parse_rtp(packet);
    REQUIRE(rtp);
    CHECK(rtp->payload.size() <= kMaxPayload);
    CHECK(rtp->sequence == static_cast<std::uint16_t>(burst.first_sequence + i));
    CHECK(rtp->payload_type == stream.payload_type);
    CHECK(rtp->ssrc == stream.ssrc);
    CHECK(rtp->marker == (marker && i + 1 == burst.packets.size()));
  }
  CHECK(size == burst.size);
}

PayloadFormat format_of(Codec codec) {
  PayloadFormat format;
  format.payload_type = 96;
  format.clock_rate = 90'000;
  switch (codec) {
    case Codec::kH264:
      format.encoding = "H264";
      break;
    case Codec::kH265:
      format.encoding = "H265";
      break;
    case Codec::kAac:
      format.kind = media::TrackKind::kAudio;
      format.encoding = "MPEG4-GENERIC";
      format.clock_rate = 16'000;
      format.parameters = {{"mode", "AAC-hbr"},
                           {"sizelength", "13"},
                           {"indexlength", "3"},
                           {"indexdeltalength", "3"},
                           {"config", "1408"}};
      break;
    default:
      format.kind = media::TrackKind::kAudio;
      format.encoding = codec == Codec::kPcma ? "PCMA" : codec == Codec::kPcmu ? "PCMU" : "OPUS";
      format.clock_rate = codec == Codec::kOpus ? 48'000 : 8'000;
  }
  return format;
}

// Packetizes `units` and takes them apart again with the receiving side.
Collected round_trip(Codec codec, const std::vector<Bytes>& units, std::vector<Bytes> sets = {}) {
  RtpStream stream{.payload_type = 96, .channel = 2, .ssrc = 0xABCD, .next_sequence = 65'530};
  Packetizer packetizer(codec, std::move(sets), stream);
  Collected collected;
  auto depacketizer = make_depacketizer(format_of(codec), collected);
  REQUIRE(depacketizer);
  std::uint32_t timestamp = 0xFFFFFF00;
  const bool marks = codec == Codec::kH264 || codec == Codec::kH265 || codec == Codec::kAac;
  for (const auto& unit : units) {
    Burst burst;
    packetizer.packetize(unit, true, timestamp += 3600, burst);
    check_packets(burst, stream, marks);
    for (std::size_t i = 0; i < burst.packets.size(); ++i) {
      const auto packet = wire(burst, i);
      (*depacketizer)->push(*parse_rtp(packet), false, {});
    }
  }
  CHECK((*depacketizer)->counters().malformed == 0);
  CHECK((*depacketizer)->counters().damaged == 0);
  return collected;
}

}  // namespace

TEST_CASE("H.264 goes through and comes out the same") {
  const Bytes sps = nal(0x67, 20), pps = nal(0x68, 4);
  const std::vector<std::vector<Bytes>> pictures = {
      {nal(0x65, 100)},
      {nal(0x65, kMaxPayload)},
      {nal(0x65, kMaxPayload + 1)},
      {nal(0x65, 60'000)},
      {nal(0x06, 30), nal(0x65, 2 * (kMaxPayload - 2) + 1)},  // SEI; two whole fragments
      {nal(0x06, 30), nal(0x65, 600), nal(0x65, 700, false), nal(0x65, 800, false), nal(0x65, 5000, false),
       nal(0x65, 3, false)},  // slices
  };
  std::vector<Bytes> units;
  for (const auto& picture : pictures) units.push_back(prefixed(picture));
  const auto collected = round_trip(Codec::kH264, units, {{}, sps, pps});
  REQUIRE(collected.units.size() == units.size());
  for (std::size_t i = 0; i < units.size(); ++i) {
    CHECK(collected.units[i].data == units[i]);
    CHECK(collected.units[i].key);
    CHECK_FALSE(collected.units[i].gap_before);
  }
  CHECK(collected.sets.sps == sps);
  CHECK(collected.sets.pps == pps);
}

TEST_CASE("H.265 goes through and comes out the same") {
  const Bytes vps = h265_nal(32, 24), sps = h265_nal(33, 40), pps = h265_nal(34, 8);
  const std::vector<Bytes> units = {
      prefixed({h265_nal(19, 100)}),
      prefixed({h265_nal(19, kMaxPayload + 1)}),
      prefixed({h265_nal(39, 50), h265_nal(19, 70'000)}),
      prefixed({h265_nal(19, 500), h265_nal(19, 600, false), h265_nal(19, 40, false)}),
  };
  const auto collected = round_trip(Codec::kH265, units, {vps, sps, pps});
  REQUIRE(collected.units.size() == units.size());
  for (std::size_t i = 0; i < units.size(); ++i) CHECK(collected.units[i].data == units[i]);
  CHECK(collected.sets == media::ParameterSets{vps, sps, pps});
}

TEST_CASE("audio goes through and comes out the same") {
  const auto whole = [](Codec codec, std::initializer_list<std::size_t> sizes) {
    std::vector<Bytes> units;
    for (const auto size : sizes) units.push_back(nal(0x21, size));
    const auto collected = round_trip(codec, units);
    REQUIRE(collected.units.size() == units.size());
    for (std::size_t i = 0; i < units.size(); ++i) CHECK(collected.units[i].data == units[i]);
  };
  whole(Codec::kAac, {1, 200, kMaxPayload - 4, kMaxPayload, 3000, 8191});
  whole(Codec::kPcma, {160, 320, kMaxPayload});
  whole(Codec::kPcmu, {160});
  whole(Codec::kOpus, {3, 1200});
}

TEST_CASE("the bytes are those of the RFCs") {
  RtpStream stream{.payload_type = 96};
  const auto packets = [&](Codec codec, const Bytes& data, std::vector<Bytes> sets = {}) {
    Burst burst;
    Packetizer(codec, std::move(sets), stream).packetize(data, true, 0, burst);
    std::vector<Bytes> payloads;
    for (std::size_t i = 0; i < burst.packets.size(); ++i) {
      payloads.push_back(wire(burst, i, kInterleavedHeader + kRtpHeader));
    }
    return payloads;
  };
  // RFC 6184 §5.7.1: STAP-A with the importance of its most important unit.
  CHECK(packets(Codec::kH264, prefixed({{0x06, 5}, {0x41, 9}})) ==
        std::vector<Bytes>{{0x40 | 24, 0, 2, 0x06, 5, 0, 2, 0x41, 9}});
  // §5.8: FU-A.
  auto fragments = packets(Codec::kH264, prefixed({nal(0x65, kMaxPayload + 1)}));
  REQUIRE(fragments.size() == 2);
  CHECK(fragments[0][0] == (0x60 | 28));
  CHECK(fragments[0][1] == (0x80 | 5));
  CHECK(fragments[1][1] == (0x40 | 5));
  // RFC 7798 §4.4.2 and §4.4.3.
  CHECK(packets(Codec::kH265, prefixed({{78, 1, 5}, {38, 1, 9}})) ==
        std::vector<Bytes>{{96, 1, 0, 3, 78, 1, 5, 0, 3, 38, 1, 9}});
  fragments = packets(Codec::kH265, prefixed({h265_nal(19, kMaxPayload + 1)}));
  REQUIRE(fragments.size() == 2);
  CHECK(Bytes(fragments[0].begin(), fragments[0].begin() + 3) == Bytes{49 << 1, 1, 0x80 | 19});
  CHECK(Bytes(fragments[1].begin(), fragments[1].begin() + 3) == Bytes{49 << 1, 1, 0x40 | 19});
  // RFC 3640 §3.2.1: 16 bits of headers, 13 bits of size, 3 of index.
  CHECK(packets(Codec::kAac, {1, 2, 3}) == std::vector<Bytes>{{0, 16, 0, 3 << 3, 1, 2, 3}});
}

TEST_CASE("long G.711 is cut at samples, and its timestamps go on") {
  Burst burst;
  const Bytes samples(3000, 0xD5);  // the burst points into it
  Packetizer(Codec::kPcma, {}, {}).packetize(samples, true, 1000, burst);
  REQUIRE(burst.packets.size() == 3);
  CHECK(parse_rtp(wire(burst, 2))->timestamp == 1000 + 2 * kMaxPayload);
}

TEST_CASE("what can't be sent is left out") {
  for (const auto& [codec, data] :
       std::vector<std::pair<Codec, Bytes>>{{Codec::kH264, {0, 0, 0, 9, 0x65, 1}},  // a length beyond the end
                                            {Codec::kH264, {0, 0, 0}},              // no whole length
                                            {Codec::kH264, {0, 0, 0, 1, 0x65}},     // nothing but a header
                                            {Codec::kH264, {0xff, 0xff, 0xff, 0xff, 1}},
                                            {Codec::kAac, {}},
                                            {Codec::kAac, Bytes(8192)},
                                            {Codec::kOpus, Bytes(kMaxPayload + 1)}}) {
    Burst burst;
    Packetizer(codec, {}, {}).packetize(data, false, 0, burst);
    CHECK(burst.packets.empty());
    CHECK(burst.size == 0);
  }
}

TEST_CASE("a lost packet leaves a hole in the sequence numbers") {
  int count = 0;
  Packetizer packetizer(Codec::kH264, {}, {.next_sequence = 10}, [&] { return ++count == 2; });
  Burst burst;
  const auto picture = prefixed({nal(0x65, 4000)});
  packetizer.packetize(picture, false, 0, burst);
  REQUIRE(burst.packets.size() == 2);
  CHECK(parse_rtp(wire(burst, 0))->sequence == 10);
  CHECK(parse_rtp(wire(burst, 1))->sequence == 12);
  CHECK(packetizer.stream().packets == 2);
}

#include "librtsp/rtp_packet.h"

#include <doctest/doctest.h>

using namespace camctl;
using namespace camctl::rtsp;
using media::Bytes;

TEST_CASE("header, contributing sources, extension and padding are told from the payload") {
  Bytes packet = {0x80, 0xe0, 0x12, 0x34, 0, 0, 1, 0, 0xde, 0xad, 0xbe, 0xef, 7, 8};
  auto parsed = parse_rtp(packet);
  REQUIRE(parsed);
  CHECK(parsed->payload_type == 96);
  CHECK(parsed->marker);
  CHECK(parsed->sequence == 0x1234);
  CHECK(parsed->timestamp == 256);
  CHECK(parsed->ssrc == 0xdeadbeef);
  CHECK(Bytes(parsed->payload.begin(), parsed->payload.end()) == Bytes{7, 8});

  // two CSRCs, an extension of one word, three bytes of padding
  packet = {0xb2, 0x60, 0, 1, 0,    0,    0, 2, 0, 0, 0, 3, 1,  1, 1, 1,
            2,    2,    2, 2, 0xbe, 0xde, 0, 1, 9, 9, 9, 9, 42, 0, 0, 3};
  parsed = parse_rtp(packet);
  REQUIRE(parsed);
  CHECK(parsed->extension_id == 0xbede);
  CHECK(Bytes(parsed->extension.begin(), parsed->extension.end()) == Bytes{9, 9, 9, 9});
  CHECK(!parsed->marker);
  CHECK(Bytes(parsed->payload.begin(), parsed->payload.end()) == Bytes{42});
}

TEST_CASE("what is no RTP packet is refused") {
  const Bytes whole = {0x80, 0x60, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3};
  CHECK(parse_rtp(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(!parse_rtp(media::ByteView(whole).first(size)));
  const auto with = [&](std::uint8_t first, Bytes more) {
    Bytes packet = whole;
    packet[0] = first;
    packet.insert(packet.end(), more.begin(), more.end());
    return packet;
  };
  CHECK(!parse_rtp(with(0x40, {1})));           // version 1
  CHECK(!parse_rtp(with(0x81, {1, 2})));        // a CSRC of two bytes
  CHECK(!parse_rtp(with(0x90, {0, 0, 0})));     // half an extension header
  CHECK(!parse_rtp(with(0x90, {0, 0, 0, 1})));  // an extension beyond the end
  CHECK(!parse_rtp(with(0xa0, {0})));           // padding of nothing
  CHECK(!parse_rtp(with(0xa0, {14})));          // padding over the header
  CHECK(!parse_rtp(with(0xb0, {0, 0, 0, 0, 5})));
}

#include "base/media/bit_reader.h"

#include <doctest/doctest.h>

#include <array>

#include "tests/base/media/hex.h"

namespace camctl::media {
namespace {

TEST_CASE("bits come most significant first, across bytes") {
  const auto data = from_hex("a5f00f");
  BitReader in(data);
  CHECK(in.bits(1) == 1);
  CHECK(in.bits(3) == 2);
  CHECK(in.bits(8) == 0x5f);
  CHECK(in.bits_left() == 12);
  in.skip(8);
  CHECK(in.bits(4) == 0xf);
  CHECK_FALSE(in.overrun());
  CHECK(in.bits(1) == 0);
  CHECK(in.overrun());
}

TEST_CASE("Exp-Golomb codes") {
  struct Case {
    const char* hex;
    std::uint32_t ue;
    std::int32_t se;
  };
  for (const auto& c :
       {Case{"80", 0, 0}, Case{"40", 1, 1}, Case{"60", 2, -1}, Case{"20", 3, 2}, Case{"28", 4, -2},
        Case{"008000", 255, 128}, Case{"00000001fffffffe", 0xffff'fffe, -0x7fff'ffff}}) {
    const auto data = from_hex(c.hex);
    CAPTURE(c.hex);
    CHECK(BitReader(data).ue() == c.ue);
    CHECK(BitReader(data).se() == c.se);
  }
}

TEST_CASE("a code without end is an overrun") {
  for (const auto* hex : {"00", "0000000000000000", "01", ""}) {
    const auto data = from_hex(hex);
    BitReader in(data);
    CHECK(in.ue() == 0);
    CHECK(in.overrun());
  }
}

TEST_CASE("emulation prevention bytes are removed") {
  CHECK(unescape(from_hex("000003010000030000030203")) == from_hex("000001000000000203"));
  CHECK(unescape(from_hex("00000300000301")) == from_hex("0000000001"));
  CHECK(unescape(from_hex("0003")) == from_hex("0003"));
}

}  // namespace
}  // namespace camctl::media

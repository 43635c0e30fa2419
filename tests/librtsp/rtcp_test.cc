#include "librtsp/rtcp.h"

#include <doctest/doctest.h>

using namespace camctl;
using namespace camctl::rtsp;
using media::Bytes;

TEST_CASE("a sender report is found in a compound packet") {
  const Bytes report = {0x80, 200, 0, 6, 0, 0, 0, 9, 1, 2, 3, 4, 0x80, 0,
                        0,    0,   0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0,    2};
  auto found = find_sender_report(report);
  REQUIRE(found);
  CHECK(found->ssrc == 9);
  CHECK(found->ntp == 0x0102030480000000);
  CHECK(found->rtp == 256);
  Bytes compound = {0x80, 201, 0, 1, 0, 0, 0, 9};
  compound.insert(compound.end(), report.begin(), report.end());
  CHECK(find_sender_report(compound));
}

TEST_CASE("what is none gives none") {
  for (const Bytes& packet : {Bytes{}, Bytes{0x80, 200, 0}, Bytes{0x80, 200, 0, 6, 1}, Bytes{0x40, 200, 0, 0},
                              Bytes{0x80, 200, 0, 1, 0, 0, 0, 9}, Bytes{0x80, 201, 0xff, 0xff}})
    CHECK(!find_sender_report(packet));
}

TEST_CASE("a receiver report is a compound packet with a name (RFC 3550 §6.1)") {
  const auto packet = write_receiver_report({.own_ssrc = 1,
                                             .source_ssrc = 2,
                                             .fraction_lost = 3,
                                             .cumulative_lost = 4,
                                             .highest_sequence = 5,
                                             .last_report = 6,
                                             .since_last_report = 7});
  CHECK(packet.size() % 4 == 0);
  const Bytes head = {0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 3, 0, 0, 4};
  CHECK(Bytes(packet.begin(), packet.begin() + 16) == head);
  CHECK(packet[33] == 202);
  CHECK((packet[34] << 8 | packet[35]) * 4u + 4 == packet.size() - 32);
}

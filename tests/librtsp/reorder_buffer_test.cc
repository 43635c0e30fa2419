#include "librtsp/reorder_buffer.h"

#include <doctest/doctest.h>

#include <vector>

using namespace camctl;
using namespace camctl::rtsp;
using namespace std::chrono_literals;

namespace {

struct Step {
  std::uint16_t sequence;
  int at_ms;
};

std::vector<int> delivered(const std::vector<Step>& steps) {
  std::vector<int> out;
  ReorderBuffer buffer([&out](media::ByteView packet) { out.push_back(packet[2] << 8 | packet[3]); });
  for (const auto& step : steps) {
    const media::Bytes packet = {0x80, 96, static_cast<std::uint8_t>(step.sequence >> 8),
                                 static_cast<std::uint8_t>(step.sequence)};
    buffer.push(packet, std::chrono::steady_clock::time_point{} + std::chrono::milliseconds(step.at_ms));
  }
  return out;
}

}  // namespace

TEST_CASE("packets that overtook each other are put in order, over the wrap too") {
  CHECK(delivered({{1, 0}, {3, 0}, {2, 1}, {4, 1}}) == std::vector<int>{1, 2, 3, 4});
  CHECK(delivered({{65534, 0}, {0, 0}, {65535, 0}, {1, 0}}) == std::vector<int>{65534, 65535, 0, 1});
  CHECK(delivered({{5, 0}, {8, 0}, {7, 0}, {6, 0}}) == std::vector<int>{5, 6, 7, 8});
}

TEST_CASE("duplicates and late packets are dropped") {
  CHECK(delivered({{1, 0}, {2, 0}, {2, 0}, {1, 0}, {3, 0}}) == std::vector<int>{1, 2, 3});
  CHECK(delivered({{1, 0}, {3, 0}, {3, 0}, {2, 0}}) == std::vector<int>{1, 2, 3});
}

TEST_CASE("a lost packet holds the others back for a moment only") {
  CHECK(delivered({{1, 0}, {3, 0}, {4, 30}}) == std::vector<int>{1});
  CHECK(delivered({{1, 0}, {3, 0}, {4, 30}, {5, 100}}) == std::vector<int>{1, 3, 4, 5});
  std::vector<Step> burst = {{1, 0}};
  for (std::uint16_t n = 3; n < 3 + ReorderBuffer::kMostHeld + 1; ++n) burst.push_back({n, 0});
  CHECK(delivered(burst).size() == burst.size());
}

TEST_CASE("a source that begins anew is followed") {
  CHECK(delivered({{1, 0}, {3, 0}, {30000, 0}, {30001, 0}}) == std::vector<int>{1, 3, 30000, 30001});
}

TEST_CASE("a packet too short for a sequence number is ignored") {
  int calls = 0;
  ReorderBuffer buffer([&](media::ByteView) { ++calls; });
  buffer.push(media::Bytes{0x80, 0x60, 1}, {});
  CHECK(calls == 0);
}

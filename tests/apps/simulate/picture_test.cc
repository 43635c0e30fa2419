#include "apps/simulate/picture.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "apps/simulate/font.h"

using namespace camctl::simulate;

namespace {

constexpr Color kInk{200, 90, 150};

std::size_t inked(const Planes& planes) {
  return static_cast<std::size_t>(std::count(planes.y.begin(), planes.y.end(), kInk.y));
}

}  // namespace

TEST_CASE("what lies outside the picture is cut off") {
  struct Case {
    int x, y, width, height;
    std::size_t dots;
  };
  for (const auto& c : {Case{0, 0, 4, 2, 8},
                        {-2, -2, 4, 4, 4},
                        {60, 30, 10, 10, 8},
                        {100, 100, 5, 5, 0},
                        {-10, 0, 5, 5, 0},
                        {0, 0, 1000, 1000, 64 * 32}}) {
    Planes planes(64, 32);
    fill(planes, c.x, c.y, c.width, c.height, kInk);
    CHECK(inked(planes) == c.dots);
  }
}

TEST_CASE("text is as wide as it says, whatever is in it") {
  for (const std::string_view text : {"", "A", "front door 12", "\xc3\xa9\xff?"}) {
    Planes planes(320, 32);
    draw_text(planes, 0, 0, 2, text, kInk);
    std::size_t right = 0;
    for (std::size_t i = 0; i < planes.y.size(); ++i)
      if (planes.y[i] == kInk.y) right = std::max(right, i % 320 + 1);
    CHECK(static_cast<int>(right) <= std::max(text_width(2, text), 0));
  }
  CHECK(glyph('a') == glyph('A'));
  CHECK(glyph('\x01') == glyph('\xe9'));  // the box
  CHECK(glyph('0') != glyph('O'));
}

TEST_CASE("a scene moves, and cameras differ") {
  Scene scene("one", 320, 180, 25, 50), other("two", 320, 180, 25, 50);
  const auto first = scene.draw(0).y;
  CHECK(scene.draw(1).y != first);
  CHECK(other.draw(0).y != first);
}

TEST_CASE("a scene of any size and name stays within its picture") {
  for (const auto& [width, height] : {std::pair{64u, 64u}, {4096u, 64u}, {64u, 2048u}, {4096u, 2160u}}) {
    Scene scene(std::string(300, 'W'), width, height, 1, 8);
    CHECK(scene.draw(7).y.size() == std::size_t{width} * height);
  }
}

// The virtual cameras' moving picture, drawn as planar YUV 4:2:0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace camctl::simulate {

// A picture's three planes, without padding: luma width x height, both chroma planes half of each.
struct Planes {
  Planes(unsigned picture_width, unsigned picture_height);

  unsigned width, height;  // even
  std::vector<std::uint8_t> y, u, v;
};

struct Color {
  std::uint8_t y = 0, u = 128, v = 128;
};

// Fills a rectangle; what lies outside the picture is cut off.
void fill(Planes& planes, int x, int y, int width, int height, Color color);

// Writes `text` in an upper-case 5x7 font, each of its dots `scale` pixels wide; returns the width in pixels.
// Characters that the font lacks show as a box.
int draw_text(Planes& planes, int x, int y, int scale, std::string_view text, Color color);
int text_width(int scale, std::string_view text);

// Draws frame after frame of a scene that loops: the camera's name, a clock, a sweep, and a patch of noise,
// which no encoder can predict, so that the bit rate asked for is used.
class Scene {
 public:
  Scene(std::string name, unsigned width, unsigned height, unsigned fps, unsigned frames);

  // The picture of frame `index` (0 to frames - 1). Valid until the next call.
  const Planes& draw(unsigned index);

 private:
  void draw_background();
  void draw_clock(unsigned index);
  void draw_sweep(unsigned index);
  void draw_noise();

  std::string name_;
  unsigned fps_, frames_;
  int unit_;  // size of things: 1 at 640x360, 3 at 1920x1080
  Planes background_, picture_;
  std::vector<std::uint8_t> noise_;  // a texture of kNoiseSide squared
  std::uint32_t random_ = 1;
};

}  // namespace camctl::simulate

#include "apps/simulate/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apps/simulate/font.h"

namespace camctl::simulate {
namespace {

constexpr Color kWhite{230, 128, 128}, kGrey{120, 128, 128}, kBlack{16, 128, 128}, kAmber{180, 60, 165};
constexpr unsigned kNoiseSide = 1024;
constexpr int kGlyphPitch = kGlyphWidth + 1;

// A stable colour for each name, so that cameras can be told apart from afar.
Color tint(std::string_view name) {
  std::uint32_t hash = 2'166'136'261;
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16'777'619;
  hash ^= hash >> 15;
  return {0, static_cast<std::uint8_t>(104 + hash % 49), static_cast<std::uint8_t>(104 + hash / 64 % 49)};
}

std::uint32_t next_random(std::uint32_t& state) {  // xorshift32: the same noise on every machine
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

void fill_plane(std::vector<std::uint8_t>& plane, int stride, int rows, int x, int y, int width, int height,
                std::uint8_t value) {
  const int left = std::clamp(x, 0, stride), right = std::clamp(x + width, 0, stride);
  const int top = std::clamp(y, 0, rows), bottom = std::clamp(y + height, 0, rows);
  for (int row = top; row < bottom; ++row)
    std::fill_n(plane.begin() + std::ptrdiff_t{row} * stride + left, right - left, value);
}

}  // namespace

Planes::Planes(unsigned picture_width, unsigned picture_height)
    : width(picture_width),
      height(picture_height),
      y(std::size_t{width} * height),
      u(y.size() / 4, 128),
      v(y.size() / 4, 128) {}

void fill(Planes& planes, int x, int y, int width, int height, Color color) {
  const auto stride = static_cast<int>(planes.width), rows = static_cast<int>(planes.height);
  fill_plane(planes.y, stride, rows, x, y, width, height, color.y);
  fill_plane(planes.u, stride / 2, rows / 2, x / 2, y / 2, width / 2, height / 2, color.u);
  fill_plane(planes.v, stride / 2, rows / 2, x / 2, y / 2, width / 2, height / 2, color.v);
}

int draw_text(Planes& planes, int x, int y, int scale, std::string_view text, Color color) {
  int left = x;
  for (const char character : text) {
    const auto& rows = glyph(character);
    for (int row = 0; row < kGlyphHeight; ++row)
      for (int column = 0; column < kGlyphWidth; ++column)
        if (rows[row] >> (kGlyphWidth - 1 - column) & 1)
          fill(planes, left + column * scale, y + row * scale, scale, scale, color);
    left += kGlyphPitch * scale;
  }
  return left - x;
}

int text_width(int scale, std::string_view text) {
  return static_cast<int>(text.size()) * kGlyphPitch * scale - scale;
}

Scene::Scene(std::string name, unsigned width, unsigned height, unsigned fps, unsigned frames)
    : name_(std::move(name)),
      fps_(fps),
      frames_(frames),
      unit_(std::max(1, static_cast<int>(height) / 360)),
      background_(width, height),
      picture_(width, height),
      noise_(std::size_t{kNoiseSide} * kNoiseSide) {
  for (auto& sample : noise_) sample = static_cast<std::uint8_t>(96 + next_random(random_) % 64);
  draw_background();
}

void Scene::draw_background() {
  const auto color = tint(name_);
  const auto width = static_cast<int>(background_.width), height = static_cast<int>(background_.height);
  for (int y = 0; y < height; ++y) {
    const auto shade = static_cast<std::uint8_t>(40 + 60 * y / height);
    fill(background_, 0, y & ~1, width, 2, {shade, color.u, color.v});
  }
  fill(background_, 0, 0, width, 52 * unit_, kBlack);
  int scale = 5 * unit_;  // smaller until the name fits
  while (scale > 1 && text_width(scale, name_) > width - 24 * unit_) --scale;
  draw_text(background_, 12 * unit_, 8 * unit_, scale, name_, kWhite);
}

const Planes& Scene::draw(unsigned index) {
  picture_ = background_;
  draw_clock(index);
  draw_sweep(index);
  draw_noise();
  return picture_;
}

void Scene::draw_clock(unsigned index) {
  const auto seconds = index / fps_, hundredths = index % fps_ * 100 / fps_;
  const auto time = fmt::format("00:{:02}.{:02}", seconds, hundredths);
  draw_text(picture_, 24 * unit_, 90 * unit_, 7 * unit_, time, kWhite);
  draw_text(picture_, 24 * unit_, 160 * unit_, 3 * unit_, fmt::format("FRAME {:03}", index), kGrey);
}

// A bar along the bottom that crosses the picture once a loop, and a block that jumps each second.
void Scene::draw_sweep(unsigned index) {
  const auto width = static_cast<int>(picture_.width), height = static_cast<int>(picture_.height);
  const int size = 16 * unit_;
  const int x = static_cast<int>(std::uint64_t{index} * picture_.width / frames_) & ~1;
  fill(picture_, x, height - 3 * size, size / 2, 2 * size, kAmber);
  const int beat = index % fps_ < fps_ / 5 ? 2 * size : size;
  fill(picture_, width - 4 * size, 64 * unit_, beat, beat, kAmber);
}

// A third of the width, a third of the height, another cut of the texture in each frame.
void Scene::draw_noise() {
  const auto columns = std::min(picture_.width / 3, kNoiseSide - 256) & ~15u;
  const auto rows = std::min(picture_.height / 3, kNoiseSide - 256) & ~15u;
  const auto left = picture_.width - columns - 32u * static_cast<unsigned>(unit_);
  const auto top = (picture_.height - rows) / 2;
  const auto shift_x = next_random(random_) % 256, shift_y = next_random(random_) % 256;
  for (unsigned row = 0; row < rows; ++row) {
    const auto from = noise_.begin() + std::ptrdiff_t{(row + shift_y) * kNoiseSide + shift_x};
    std::copy_n(from, columns, picture_.y.begin() + std::ptrdiff_t{(top + row) * picture_.width + left});
  }
}

}  // namespace camctl::simulate

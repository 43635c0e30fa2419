// A bitmap font of this project: capital letters, digits and what stands in camera names.
#pragma once

#include <array>
#include <cstdint>

namespace camctl::simulate {

inline constexpr int kGlyphWidth = 5, kGlyphHeight = 7;

// Rows from top to bottom; bit 4 is the leftmost dot.
using Glyph = std::array<std::uint8_t, kGlyphHeight>;

// The glyph of an ASCII character (lower case shows as upper case); a box for what the font lacks.
const Glyph& glyph(char character);

}  // namespace camctl::simulate

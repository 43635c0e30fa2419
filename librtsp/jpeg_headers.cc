#include "librtsp/jpeg_headers.h"

#include <algorithm>
#include <array>
#include <span>

namespace camctl::rtsp {
namespace {

constexpr std::size_t kCoefficients = 64;

// T.81 tables K.1 and K.2, row by row.
constexpr std::array<std::uint8_t, kCoefficients> kLuma = {
    16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,   //
    14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,   //
    18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,   //
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};  //
constexpr std::array<std::uint8_t, kCoefficients> kChroma = {
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,   //
    24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,   //
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,   //
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};  //

// Figure A.6: where the n-th coefficient of the zigzag stands in its rows.
constexpr std::array<std::uint8_t, kCoefficients> make_zigzag() {
  std::array<std::uint8_t, kCoefficients> order{};
  std::size_t n = 0;
  for (int diagonal = 0; diagonal < 15; ++diagonal)
    for (int i = 0; i <= diagonal; ++i) {
      const int row = diagonal % 2 == 0 ? diagonal - i : i;
      const int column = diagonal - row;
      if (row < 8 && column < 8) order[n++] = static_cast<std::uint8_t>(row * 8 + column);
    }
  return order;
}
constexpr auto kZigzag = make_zigzag();

// T.81 tables K.3 to K.6: how many codes have 1 to 16 bits, and what they mean.
constexpr std::array<std::uint8_t, 28> kLumaDc = {0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0,  0,
                                                  0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
constexpr std::array<std::uint8_t, 28> kChromaDc = {0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0,  0,
                                                    0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
constexpr std::array<std::uint8_t, 178> kLumaAc = {
    0,    2,    1,    3,    3,    2,    4,    3,    5,    5,    4,    4,    0,    0,    1,    0x7d,  //
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07,  //
    0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0,  //
    0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28,  //
    0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49,  //
    0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69,  //
    0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,  //
    0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,  //
    0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5,  //
    0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2,  //
    0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,  //
    0xf9, 0xfa};
constexpr std::array<std::uint8_t, 178> kChromaAc = {
    0,    2,    1,    2,    4,    4,    3,    4,    7,    5,    4,    4,    0,    1,    2,    0x77,  //
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71,  //
    0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0,  //
    0x15, 0x62, 0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26,  //
    0x27, 0x28, 0x29, 0x2a, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,  //
    0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,  //
    0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,  //
    0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5,  //
    0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3,  //
    0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda,  //
    0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,  //
    0xf9, 0xfa};

constexpr std::uint8_t kSoi = 0xd8, kSos = 0xda, kDqt = 0xdb, kDri = 0xdd, kSof0 = 0xc0, kDht = 0xc4;

// Writes marker segments (T.81 §B.1.1.4): each begins with its length, which counts itself.
class Segments {
 public:
  void marker(std::uint8_t code) { bytes_.insert(bytes_.end(), {0xff, code}); }
  void begin(std::uint8_t code, std::size_t content) {
    marker(code);
    put16(content + 2);
  }
  void put(std::initializer_list<std::uint8_t> values) { bytes_.insert(bytes_.end(), values); }
  void put16(std::size_t value) {
    put({static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)});
  }
  void put(std::span<const std::uint8_t> values) {
    bytes_.insert(bytes_.end(), values.begin(), values.end());
  }
  media::Bytes take() { return std::move(bytes_); }

 private:
  media::Bytes bytes_;
};

// The number of tables written.
std::size_t quantisation(const JpegFormat& format, Segments& out) {
  media::ByteView rest = format.tables;
  std::size_t count = 0;
  for (; count < 2; ++count) {
    const bool wide = (format.precision >> count & 1) != 0;
    const std::size_t size = wide ? 2 * kCoefficients : kCoefficients;
    if (rest.size() < size) break;
    out.begin(kDqt, 1 + size);
    out.put({static_cast<std::uint8_t>((wide ? 0x10 : 0) | count)});
    out.put(rest.first(size));
    rest = rest.subspan(size);
  }
  return count;
}

void huffman(std::uint8_t id, std::span<const std::uint8_t> table, Segments& out) {
  out.begin(kDht, 1 + table.size());
  out.put({id});
  out.put(table);
}

}  // namespace

media::Bytes jpeg_tables(std::uint8_t q) {
  constexpr int kLast = 99;
  const int quality = std::clamp<int>(q, 1, kLast);
  const int factor = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  media::Bytes tables;
  for (const auto* base : {&kLuma, &kChroma})
    for (const auto place : kZigzag)
      tables.push_back(static_cast<std::uint8_t>(std::clamp(((*base)[place] * factor + 50) / 100, 1, 255)));
  return tables;
}

media::Bytes jpeg_headers(const JpegFormat& format) {
  Segments out;
  out.marker(kSoi);
  const auto tables = quantisation(format, out);
  if (format.restart_interval != 0) {
    out.begin(kDri, 2);
    out.put16(format.restart_interval);
  }
  constexpr std::uint8_t kComponents = 3, kBits = 8;
  const std::uint8_t luma_sampling = format.type == 0 ? 0x21 : 0x22;
  const std::uint8_t chroma_table = tables > 1 ? 1 : 0;
  out.begin(kSof0, 6 + 3 * kComponents);
  out.put({kBits});
  out.put16(format.height);
  out.put16(format.width);
  out.put({kComponents, 1, luma_sampling, 0, 2, 0x11, chroma_table, 3, 0x11, chroma_table});
  huffman(0x00, kLumaDc, out);
  huffman(0x10, kLumaAc, out);
  huffman(0x01, kChromaDc, out);
  huffman(0x11, kChromaAc, out);
  out.begin(kSos, 4 + 2 * kComponents);
  out.put({kComponents, 1, 0x00, 2, 0x11, 3, 0x11, 0, kCoefficients - 1, 0});
  return out.take();
}

}  // namespace camctl::rtsp

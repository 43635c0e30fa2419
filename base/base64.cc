#include "base/base64.h"

#include <openssl/evp.h>

namespace camctl {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string base64_encode(std::span<const std::uint8_t> bytes) {
  std::string result(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock writes a zero byte behind
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(result.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  result.resize(static_cast<std::size_t>(size));
  return result;
}

std::string base64_encode(std::string_view bytes) {
  return base64_encode(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

// By hand, because OpenSSL's decoder returns the padding as zero bytes and refuses what lacks it.
Result<std::vector<std::uint8_t>> base64_decode(std::string_view text) {
  std::vector<std::uint8_t> result;
  result.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  bool padded = false;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    if (c == '=') {
      padded = true;
      continue;
    }
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos || padded) return fail(ErrorCode::kProtocol, "malformed base64");
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if (++count % 4 == 0)
      for (int shift = 16; shift >= 0; shift -= 8) result.push_back(static_cast<std::uint8_t>(bits >> shift));
  }
  switch (count % 4) {  // 2 characters carry one more byte, 3 carry two, 1 carries none
    case 1:
      return fail(ErrorCode::kProtocol, "truncated base64");
    case 2:
      result.push_back(static_cast<std::uint8_t>(bits >> 4));
      break;
    case 3:
      result.push_back(static_cast<std::uint8_t>(bits >> 10));
      result.push_back(static_cast<std::uint8_t>(bits >> 2));
      break;
    default:
      break;
  }
  return result;
}

}  // namespace camctl

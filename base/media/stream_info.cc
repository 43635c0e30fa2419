#include "base/media/stream_info.h"

#include <numeric>

namespace camctl::media {

std::string_view name(Codec codec) {
  switch (codec) {
    case Codec::kUnknown:
      return "unknown";
    case Codec::kH264:
      return "h264";
    case Codec::kH265:
      return "h265";
    case Codec::kMjpeg:
      return "mjpeg";
    case Codec::kAac:
      return "aac";
    case Codec::kPcma:
      return "pcma";
    case Codec::kPcmu:
      return "pcmu";
    case Codec::kG726:
      return "g726";
    case Codec::kOpus:
      return "opus";
    case Codec::kOther:
      return "other";
  }
  return "unknown";
}

FrameRate reduced(std::uint32_t numerator, std::uint32_t denominator) {
  if (numerator == 0 || denominator == 0) return {};
  const auto divisor = std::gcd(numerator, denominator);
  return {numerator / divisor, denominator / divisor};
}

}  // namespace camctl::media

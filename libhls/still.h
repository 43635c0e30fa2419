// Stills: a key frame decoded once, and JPEGs of it in any size.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/media/access_unit.h"
#include "base/media/stream_info.h"
#include "base/result.h"

namespace camctl::hls {

// A decoded picture. Immutable.
class Still {
 public:
  // Larger than 8K: a camera's SPS could claim a picture that takes gigabytes.
  static constexpr std::int64_t kMaxPixels = 8192 * 8192;

  // `key_frame` as media::AccessUnit::data. Blocks for the time of decoding: some 10 ms for 1080p. kProtocol
  // if it does not decode, kUnsupported where libavcodec lacks the decoder, kLimit above kMaxPixels.
  static Result<std::shared_ptr<const Still>> decode(const media::VideoInfo& info,
                                                     std::span<const std::uint8_t> key_frame);
  ~Still();
  Still(const Still&) = delete;
  Still& operator=(const Still&) = delete;

  unsigned width() const;
  unsigned height() const;

  // As JPEG, `width` wide and as high as its proportions say; its own size where `width` is 0 or larger than
  // the picture. `quality` is 2 (best) to 31.
  Result<media::Bytes> jpeg(unsigned width = 0, int quality = kQuality) const;
  static constexpr int kQuality = 4;

 private:
  struct Frame;
  explicit Still(std::unique_ptr<Frame> frame);
  std::unique_ptr<Frame> frame_;
};
using StillPtr = std::shared_ptr<const Still>;

}  // namespace camctl::hls

#include "librtsp/camera_clock.h"

#include <algorithm>

namespace camctl::rtsp {

std::optional<CameraClock::Offset> CameraClock::offset() const {
  const auto size = std::min(count_, kSamples);
  if (size == 0) return std::nullopt;
  auto sorted = samples_;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(size / 2);
  std::nth_element(sorted.begin(), middle, sorted.begin() + static_cast<std::ptrdiff_t>(size));
  return *middle;
}

void CameraClock::add(Offset sample) {
  if (const auto known = offset(); known && std::chrono::abs(sample - *known) > kStep) {
    if (++strangers_ < kAgreeing) return;
    count_ = 0;
  }
  strangers_ = 0;
  samples_[count_++ % kSamples] = sample;
}

}  // namespace camctl::rtsp

#include "libhls/rate_meter.h"

#include <algorithm>

namespace camctl::hls {
namespace {

std::int64_t second_of(RateMeter::Clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

void RateMeter::add(std::size_t bytes, bool frame, Clock::time_point now) {
  const auto second = second_of(now);
  auto& slot = slots_[static_cast<std::size_t>(second % kSlots)];
  if (now - last_ >= std::chrono::seconds(kSlots)) first_ = now;
  last_ = now;
  if (slot.second != second) slot = {second, 0, 0};
  slot.bytes += bytes;
  slot.frames += frame ? 1 : 0;
}

RateMeter::Rates RateMeter::rates(Clock::time_point now) const {
  const auto second = second_of(now);
  std::uint64_t bytes = 0, frames = 0;
  for (const auto& slot : slots_) {
    if (slot.second < 0 || slot.second <= second - kSlots) continue;
    bytes += slot.bytes;
    frames += slot.frames;
  }
  // The current second is not over, and measuring may have begun only just now.
  const auto oldest = std::max(first_, Clock::time_point(std::chrono::seconds(second - kSlots + 1)));
  const auto span = std::max(std::chrono::duration<double>(now - oldest).count(), 0.2);
  return {static_cast<std::uint32_t>(static_cast<double>(bytes) * 8 / 1000 / span),
          static_cast<double>(frames) / span};
}

}  // namespace camctl::hls

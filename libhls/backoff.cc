#include "libhls/backoff.h"

#include <algorithm>

namespace camctl::hls {
namespace {

// `first` doubled `times` times, up to `longest`.
template <class Duration>
Duration doubled(Duration first, unsigned times, Duration longest) {
  for (; times > 0 && first < longest; --times) first *= 2;
  return std::min(first, longest);
}

// The host has said something: it is there.
bool means_presence(ErrorCode reason) {
  return reason != ErrorCode::kNetwork && reason != ErrorCode::kTimeout;
}

}  // namespace

Backoff::Next Backoff::failed(ErrorCode reason, Clock::time_point now) {
  if (!lost_since_) lost_since_ = now;
  // Never sooner: who keeps an account from being locked counts from the same refusal, and would refuse
  // again.
  if (reason == ErrorCode::kAuth)
    return {jittered(doubled(kRefused, refusals_++, kLongestRefused), 1), false};
  refusals_ = 0;
  if (reason == ErrorCode::kUnsupported) return {jittered(kUnsupported), false};
  const bool hope = host_answers_ || means_presence(reason) || now - *lost_since_ < kHope;
  if (!hope) return {jittered(kRare), true};
  return {jittered(doubled(kFirst, failures_++, kLongest)), false};
}

void Backoff::succeeded() {
  failures_ = refusals_ = 0;
  host_answers_ = false;
  lost_since_.reset();
}

std::chrono::milliseconds Backoff::jittered(std::chrono::milliseconds delay, double least) {
  std::uniform_real_distribution<double> factor(least, 1 + kJitter);
  return std::chrono::milliseconds(
      static_cast<std::int64_t>(static_cast<double>(delay.count()) * factor(random_)));
}

}  // namespace camctl::hls

// How far a camera's clock is off, from the sender reports of its tracks (RFC 3550 §6.4.1).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>

namespace camctl::rtsp {

// Takes one sample a report: the camera's time minus ours at its arrival. Networks and the poller delay
// reports by some ten milliseconds, now and then by more: the median of the last ones is told. A clock that
// is set shows as samples that agree with each other and not with those before.
class CameraClock {
 public:
  using Offset = std::chrono::milliseconds;

  void add(Offset sample);
  std::optional<Offset> offset() const;  // nothing before the first sample

  static constexpr std::size_t kSamples = 9;  // 45 s of one track's reports
  static constexpr Offset kStep{1000};        // more is no delay but another time
  static constexpr unsigned kAgreeing = 2;    // samples in a row that make a step believed

 private:
  std::array<Offset, kSamples> samples_{};
  std::size_t count_ = 0;  // ever added since the last step
  unsigned strangers_ = 0;
};

}  // namespace camctl::rtsp

#include "libhls/stream_log.h"

#include <fmt/format.h>

#include <utility>

namespace camctl::hls {

std::string describe(const media::StreamInfo& info) {
  std::string text;
  if (info.video)
    text = fmt::format("{} {}x{}", media::name(info.video->codec), info.video->width, info.video->height);
  if (info.audio)
    text += fmt::format("{}{} {} Hz", text.empty() ? "" : ", ", media::name(info.audio->codec),
                        info.audio->sample_rate);
  return text;
}

std::optional<std::string> StreamLog::lost(const std::string& reason, Clock::time_point now) {
  const auto& newest = said_[(next_ + kMostLosses - 1) % kMostLosses];
  const bool repeats = reason == reason_ && newest && now - *newest < kRepeat;
  const bool often = said_[next_] && now - *said_[next_] < kRepeat;
  if (repeats || often) {
    ++unsaid_;
    return std::nullopt;
  }
  end_is_news_ = true;
  reason_ = reason;
  said_[next_] = now;
  next_ = (next_ + 1) % kMostLosses;
  const auto unsaid = std::exchange(unsaid_, 0);
  return unsaid > 0 ? fmt::format("{} ({} more times since this was last said)", reason, unsaid) : reason;
}

bool StreamLog::live() {
  reason_.clear();
  return std::exchange(end_is_news_, false);
}

std::optional<std::string> StreamLog::holes(std::uint64_t total, Clock::time_point now) {
  if (total == holes_ || (holes_said_ && now - *holes_said_ < kRepeat)) return std::nullopt;
  const auto count = total - std::exchange(holes_, total);
  holes_said_ = now;
  return fmt::format("packets were lost{}; pictures are missing up to the next key frame",
                     count > 1 ? fmt::format(" in {} places", count) : "");
}

}  // namespace camctl::hls

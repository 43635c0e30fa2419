#include "apps/serve/http/http_counters.h"

#include <algorithm>
#include <cassert>

namespace camctl::apps::serve {
namespace {

// One thread writes: no locked instruction is needed.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t amount) {
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

std::uint64_t get(const std::atomic<std::uint64_t>& counter) {
  return counter.load(std::memory_order_relaxed);
}

constexpr double kNanosecond = 1e-9;

}  // namespace

std::string_view name(Content content) {
  switch (content) {
    case Content::kPlaylist:
      return "playlist";
    case Content::kWaited:
      return "waited";
    case Content::kMedia:
      return "media";
    case Content::kApi:
      return "api";
    case Content::kPage:
      return "page";
  }
  return {};
}

Content content_of(std::string_view pattern) {
  if (pattern.starts_with("/hls/")) return pattern.ends_with(".m3u8") ? Content::kPlaylist : Content::kMedia;
  const bool machine = pattern == "/metrics" || pattern == "/healthz" || pattern == "/readyz";
  return machine || pattern.starts_with("/api/") ? Content::kApi : Content::kPage;
}

void HttpCounters::answered(Content content, int status, std::uint64_t bytes,
                            std::chrono::nanoseconds taken) {
  auto& counts = counts_[static_cast<std::size_t>(content)];
  const auto hundreds = static_cast<std::size_t>(std::clamp(status / 100, 1, static_cast<int>(kClasses)));
  add(counts.answers[hundreds - 1], 1);
  add(counts.bytes, bytes);
  const auto nanoseconds = std::max<std::int64_t>(taken.count(), 0);
  add(counts.nanoseconds, static_cast<std::uint64_t>(nanoseconds));
  const double seconds = static_cast<double>(nanoseconds) * kNanosecond;
  const auto bucket = std::lower_bound(kLatencyBounds.begin(), kLatencyBounds.end(), seconds);
  add(counts.durations[static_cast<std::size_t>(bucket - kLatencyBounds.begin())], 1);
}

void HttpCounters::sent(Content content, std::uint64_t bytes) {
  add(counts_[static_cast<std::size_t>(content)].bytes, bytes);
}

void HttpCounters::add_to(Snapshot& sum) const {
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const auto& from = counts_[i];
    auto& to = sum[i];
    for (std::size_t c = 0; c < kClasses; ++c) to.answers[c] += get(from.answers[c]);
    for (std::size_t b = 0; b < from.durations.size(); ++b) to.durations[b] += get(from.durations[b]);
    to.bytes += get(from.bytes);
    to.seconds += static_cast<double>(get(from.nanoseconds)) * kNanosecond;
  }
}

}  // namespace camctl::apps::serve

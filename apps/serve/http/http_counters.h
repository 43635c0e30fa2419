// What is counted of HTTP: how many answers, of what kind, how many bytes, how long they took.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

namespace camctl::apps::serve {

// What was asked for, as it matters to whoever looks after a server.
enum class Content : std::uint8_t {
  kPlaylist,
  kWaited,  // a playlist or part that was asked for before it was there: as long as its camera takes
  kMedia,   // segments, parts, init segments
  kApi,
  kPage,  // the dashboard's files, and what is nowhere
};
inline constexpr std::array kContents = {Content::kPlaylist, Content::kWaited, Content::kMedia, Content::kApi,
                                         Content::kPage};
std::string_view name(Content content);
// By the pattern of a route; kPage for none. Never kWaited.
Content content_of(std::string_view pattern);

// Upper bounds of the histogram's buckets, in seconds; behind them comes one without a bound.
inline constexpr std::array kLatencyBounds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                              0.05,   0.1,   0.25,   0.5,   1.0,  2.5};

// Of one event loop, which alone writes it; all threads may read.
class HttpCounters {
 public:
  static constexpr std::size_t kClasses = 5;  // 1xx to 5xx

  struct Figures {
    std::array<std::uint64_t, kClasses> answers{};                     // by class of status
    std::uint64_t bytes = 0;                                           // of bodies and frames
    std::array<std::uint64_t, kLatencyBounds.size() + 1> durations{};  // each bucket's own
    double seconds = 0;                                                // their sum
  };
  using Snapshot = std::array<Figures, kContents.size()>;  // by Content

  // An answer with `status` has gone out, `taken` after its request was read.
  void answered(Content content, int status, std::uint64_t bytes, std::chrono::nanoseconds taken);
  // More of an answer that goes on: frames of a WebSocket.
  void sent(Content content, std::uint64_t bytes);
  // Adds what was counted so far to `sum`.
  void add_to(Snapshot& sum) const;

 private:
  struct Counts {
    std::array<std::atomic<std::uint64_t>, kClasses> answers{};
    std::atomic<std::uint64_t> bytes{0}, nanoseconds{0};
    std::array<std::atomic<std::uint64_t>, kLatencyBounds.size() + 1> durations{};
  };
  std::array<Counts, kContents.size()> counts_;
};

// Of a server, all its loops together.
struct HttpTotals {
  HttpCounters::Snapshot answers;
  std::uint64_t refused = 0;  // connections beyond max_connections
  std::size_t connections = 0;
};

}  // namespace camctl::apps::serve

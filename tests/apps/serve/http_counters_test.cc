#include "apps/serve/http/http_counters.h"

#include <doctest/doctest.h>

using namespace camctl::apps::serve;
using namespace std::chrono_literals;

TEST_CASE("HTTP counters: what a route's pattern is about") {
  CHECK(content_of("/hls/{id}/playlist.m3u8") == Content::kPlaylist);
  CHECK(content_of("/hls/{id}/playlist{#n}.ts") == Content::kMedia);
  CHECK(content_of("/api/cameras") == Content::kApi);
  CHECK(content_of("/metrics") == Content::kApi);
  CHECK(content_of("/") == Content::kPage);
  CHECK(content_of("/js/app.js") == Content::kPage);
}

TEST_CASE("HTTP counters: loops add up, and each duration is in the first bucket that holds it") {
  HttpCounters one, other;
  one.answered(Content::kMedia, 200, 1000, 500us);  // a bound belongs to its bucket
  one.answered(Content::kMedia, 206, 10, 501us);
  one.answered(Content::kApi, 404, 5, 1h);
  other.answered(Content::kMedia, 503, 0, -1ns);  // a clock may be anything
  other.sent(Content::kMedia, 90);
  HttpCounters::Snapshot sum{};
  one.add_to(sum);
  other.add_to(sum);

  const auto& media = sum[static_cast<std::size_t>(Content::kMedia)];
  CHECK(media.answers == std::array<std::uint64_t, 5>{0, 2, 0, 0, 1});
  CHECK(media.bytes == 1100);
  CHECK(media.durations[0] == 2);
  CHECK(media.durations[1] == 1);
  CHECK(media.seconds == doctest::Approx(0.001001));
  const auto& api = sum[static_cast<std::size_t>(Content::kApi)];
  CHECK(api.answers[3] == 1);
  CHECK(api.durations.back() == 1);
  CHECK(sum[static_cast<std::size_t>(Content::kPage)].bytes == 0);
}

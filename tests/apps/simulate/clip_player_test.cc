#include "apps/simulate/clip_player.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "librtsp/feed.h"

using namespace camctl;
using namespace camctl::simulate;
using namespace std::chrono_literals;
using media::TrackKind;

namespace {

using Clock = Pacer::Clock;
constexpr media::Ticks kFrame = 3600;

// 1 s: a key frame, four frames of 200 ms after each other, and sound every 250 ms.
ClipPtr make_clip() {
  auto clip = std::make_shared<Clip>();
  auto info = std::make_shared<media::StreamInfo>();
  info->video = media::VideoInfo{
      .codec = media::Codec::kH264, .frame_rate = {}, .vps = {}, .sps = {0x67, 1, 2, 3}, .pps = {0x68, 1}};
  info->audio = media::AudioInfo{
      .codec = media::Codec::kPcma, .clock_rate = 8'000, .sample_rate = 8'000, .channels = 1, .config = {}};
  clip->info = info;
  clip->duration = 1s;
  for (int i = 0; i < 5; ++i)
    clip->units.push_back({TrackKind::kVideo, i == 0, i * 200ms, i * 5 * kFrame, {0, 0, 0, 2, 0x65, 1}});
  for (int i = 0; i < 4; ++i) clip->units.push_back({TrackKind::kAudio, true, i * 250ms, i * 2000, {1, 2}});
  std::ranges::stable_sort(clip->units, {}, &ClipUnit::due);
  return clip;
}

// A player, and one session that reads it.
struct Stage final : rtsp::FeedReader {
  explicit Stage(MediaFaults faults = {})
      : pacer(loop, [this] { return start; }), player(pacer, make_clip(), faults, 0s, start) {
    video = true;
    player.feed().impl().attach(*this);
    player.feed().impl().play(*this);
    take();
  }
  ~Stage() override { player.feed().impl().detach(*this); }
  void on_bursts() override { take(); }
  void on_feed_end() override {}
  void take() {
    while (const auto* burst = player.feed().impl().next(*this)) {
      if (!(*burst)->rtcp) ((*burst)->track == 0 ? pictures : sounds).push_back(*burst);
      ++position;
    }
  }
  // Plays on until `until` after the start, waking when it asks to be woken.
  void run(Clock::duration until) {
    auto now = start;
    while (now <= start + until) now = std::max(player.play(now), now + 1ms);
  }
  media::Ticks step(std::size_t index) const {
    return static_cast<std::int32_t>(pictures[index]->timestamp - pictures[index - 1]->timestamp);
  }

  // Not on the players' grid, and where rounding to microseconds the wrong way is a tick's difference.
  const Clock::time_point start{1h + 12'344'300ns};
  EventLoop loop;
  Pacer pacer;
  ClipPlayer player;
  std::vector<rtsp::BurstPtr> pictures, sounds;
};

}  // namespace

TEST_CASE("a session starts on a key frame at once, and goes on over the seam") {
  Stage stage;
  REQUIRE(stage.pictures.size() == 1);
  CHECK(stage.pictures[0]->key);
  CHECK(stage.sounds.size() == 1);
  stage.run(2500ms);
  REQUIRE(stage.pictures.size() == 13);
  for (std::size_t i = 1; i < stage.pictures.size(); ++i) {
    CHECK(stage.step(i) == 5 * kFrame);
    CHECK(stage.pictures[i]->key == (i % 5 == 0));
  }
  for (std::size_t i = 1; i < stage.sounds.size(); ++i)
    CHECK(stage.sounds[i]->timestamp - stage.sounds[i - 1]->timestamp == 2000);
}

TEST_CASE("after a long pause it starts over with a key frame, and times tell how long it was") {
  Stage stage;
  stage.run(400ms);
  const auto before = stage.pictures.size();
  stage.player.play(stage.start + 10s);
  REQUIRE(stage.pictures.size() == before + 1);
  CHECK(stage.pictures.back()->key);
  CHECK(std::abs(stage.step(before) - (10'000 - 400) * 90) < 90 * 50);
}

TEST_CASE("silence now and then: nothing comes, then a key frame") {
  Stage stage({.stall_every = 3000ms, .stall_for = 2000ms});
  stage.run(2990ms);
  const auto before = stage.pictures.size();
  CHECK(stage.player.play(stage.start + 3100ms) > stage.start + 4800ms);
  CHECK(stage.pictures.size() == before);
  stage.player.play(stage.start + 5100ms);
  REQUIRE(stage.pictures.size() == before + 1);
  CHECK(stage.pictures.back()->key);
  CHECK(stage.step(before) > 90 * 1500);
}

TEST_CASE("timestamps leap together, forth and back") {
  for (const auto by : {3'600'000ms, -3'600'000ms}) {
    Stage stage({.jump_every = 1100ms, .jump_by = by});
    stage.run(1500ms);
    int leaps = 0;
    for (std::size_t i = 1; i < stage.pictures.size(); ++i)
      if (stage.step(i) != 5 * kFrame) {
        ++leaps;
        CHECK(stage.step(i) == 5 * kFrame + by.count() * 90);
      }
    CHECK(leaps == 1);
  }
}

TEST_CASE("packets are lost at the rate asked for") {
  Stage stage({.loss_percent = 50});
  stage.run(190ms);
  std::size_t sent = 0, lost = 0;
  for (int i = 1; i < 400; ++i) stage.run(i * 200ms);
  for (const auto& burst : stage.sounds) (burst->packets.empty() ? lost : sent) += 1;
  CHECK(lost > (sent + lost) / 3);
  CHECK(sent > (sent + lost) / 3);
}

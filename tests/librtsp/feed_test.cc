#include "librtsp/feed.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "librtsp/rtp_packet.h"

using namespace camctl;
using namespace camctl::rtsp;
using media::Bytes;
using media::TrackKind;

namespace {

media::StreamInfoPtr stream(bool video = true, bool audio = true) {
  auto info = std::make_shared<media::StreamInfo>();
  if (video)
    info->video = media::VideoInfo{
        .codec = media::Codec::kH264, .frame_rate = {}, .vps = {}, .sps = {0x67, 1, 2, 3}, .pps = {0x68, 1}};
  if (audio)
    info->audio = media::AudioInfo{.codec = media::Codec::kAac,
                                   .clock_rate = 16'000,
                                   .sample_rate = 16'000,
                                   .channels = 1,
                                   .config = {0x14, 8}};
  return info;
}

// A session without a connection: takes what there is whenever it may.
struct TestReader final : FeedReader {
  explicit TestReader(Feed& f, bool with_video = true) : feed(&f.impl()) {
    video = with_video;
    feed->attach(*this);
  }
  ~TestReader() override {
    if (feed) feed->detach(*this);
  }
  void on_bursts() override {
    if (!blocked) take();
  }
  void on_feed_end() override {
    feed = nullptr;
    ended = true;
  }
  void take() {
    while (const auto* burst = feed->next(*this)) {
      if (!(*burst)->rtcp) bursts.push_back(*burst);
      ++position;
    }
  }
  int pictures() const {
    return static_cast<int>(std::ranges::count_if(bursts, [](const auto& b) { return b->track == 0; }));
  }

  Feed::Impl* feed;
  std::vector<BurstPtr> bursts;
  bool blocked = false, ended = false;
};

const Bytes kPicture = {0, 0, 0, 3, 0x41, 1, 2}, kSound = {1, 2, 3};

void push_picture(Feed& feed, bool key, media::Ticks pts, const Bytes& data = kPicture) {
  const FeedUnit unit{TrackKind::kVideo, key, pts, data, {}};
  feed.push({&unit, 1});
}

}  // namespace

TEST_CASE("readers start at the newest key frame and share every byte") {
  Feed feed(stream());
  TestReader first(feed);
  feed.impl().play(first);
  push_picture(feed, false, 0);  // no key frame yet
  CHECK(first.bursts.empty());
  push_picture(feed, true, 3600);
  push_picture(feed, false, 7200);
  CHECK(first.pictures() == 2);

  TestReader second(feed);
  feed.impl().play(second);
  second.take();
  REQUIRE(second.bursts.size() == 2);
  CHECK(second.bursts[0]->key);
  CHECK(second.bursts[0] == first.bursts[0]);  // the very same packets
  CHECK(feed.readers() == 2);

  push_picture(feed, true, 10'800);
  TestReader third(feed);
  feed.impl().play(third);
  third.take();
  CHECK(third.bursts.size() == 1);
  CHECK(second.pictures() == 3);
}

TEST_CASE("timestamps go on in each track's clock") {
  Feed feed(stream());
  TestReader reader(feed);
  feed.impl().play(reader);
  const std::vector<FeedUnit> units = {{TrackKind::kVideo, true, 0, kPicture, {}},
                                       {TrackKind::kAudio, true, 0, kSound, {}},
                                       {TrackKind::kVideo, false, std::int64_t{1} << 32, kPicture, {}},
                                       {TrackKind::kAudio, true, 1024, kSound, {}}};
  feed.push(units);
  REQUIRE(reader.bursts.size() == 4);
  CHECK(reader.bursts[2]->timestamp == reader.bursts[0]->timestamp);  // 32 bits wrap
  CHECK(reader.bursts[3]->timestamp - reader.bursts[1]->timestamp == 1024);
  CHECK(reader.bursts[0]->track == 0);
  CHECK(reader.bursts[1]->track == 1);
}

TEST_CASE("a reader that falls behind loses whole groups of pictures") {
  Feed feed(stream());
  TestReader slow(feed), quick(feed);
  feed.impl().play(slow);
  feed.impl().play(quick);
  slow.blocked = true;
  const Bytes large = [] {
    Bytes data = {0, 0x0f, 0xff, 0xfc, 0x65};
    data.resize(1u << 20);
    return data;
  }();
  constexpr int kFrames = 40;  // more than kMaxFeedBytes
  for (int i = 0; i < kFrames; ++i) push_picture(feed, i % 4 == 0, i * 3600, large);
  CHECK(quick.pictures() == kFrames);
  slow.take();
  REQUIRE(!slow.bursts.empty());
  CHECK(slow.bursts.front()->key);
  CHECK(slow.pictures() == 4);  // the newest group
  CHECK(slow.skipped_groups == 1);
}

TEST_CASE("nothing is kept while nobody reads") {
  std::vector<std::size_t> counts;
  FeedOptions options;
  options.on_readers = [&](std::size_t readers) { counts.push_back(readers); };
  Feed feed(stream(), options);
  push_picture(feed, true, 0);
  {
    TestReader reader(feed);
    feed.impl().play(reader);
    reader.take();
    CHECK(reader.bursts.empty());
    push_picture(feed, true, 3600);
    feed.impl().pause(reader);
    feed.impl().play(reader);
    reader.take();
    CHECK(reader.bursts.size() == 1);
  }
  CHECK(counts == std::vector<std::size_t>{1, 0, 1, 0});
}

TEST_CASE("what is pushed when the first reader begins is what it starts with") {
  Feed* raw = nullptr;
  FeedOptions options;
  options.on_readers = [&](std::size_t readers) {
    if (readers == 1) push_picture(*raw, true, 0);
  };
  Feed feed(stream(), options);
  raw = &feed;
  TestReader reader(feed);
  reader.blocked = true;  // as a session is until its reply is written
  feed.impl().play(reader);
  REQUIRE(feed.impl().next(reader));
  const auto* burst = feed.impl().first_of(0, reader.position);
  REQUIRE(burst);
  CHECK(burst->key);
  CHECK_FALSE(feed.impl().first_of(1, reader.position));
}

TEST_CASE("a reader of sound alone needs no key frame") {
  Feed feed(stream());
  TestReader reader(feed, false);
  feed.impl().play(reader);
  const FeedUnit unit{TrackKind::kAudio, true, 0, kSound, {}};
  feed.push({&unit, 1});
  CHECK(reader.bursts.size() == 1);
}

TEST_CASE("sender reports tell the time of the newest unit on both clocks") {
  FeedOptions options;
  options.clock_skew = std::chrono::hours(24);
  Feed feed(stream(), options);
  TestReader reader(feed);
  feed.impl().play(reader);
  CHECK_FALSE(feed.impl().sender_report(0));
  push_picture(feed, true, 9000);
  const auto report = feed.impl().sender_report(0);
  REQUIRE(report);
  const auto& b = report->headers;
  const auto word = [&](std::size_t at) {
    return std::uint32_t{b[at]} << 24 | b[at + 1] << 16 | b[at + 2] << 8 | b[at + 3];
  };
  CHECK(b[1] == 1);  // the channel of RTCP
  CHECK((b[2] << 8 | b[3]) + 4u == b.size());
  CHECK(b[4] == 0x80);
  CHECK(b[5] == 200);
  CHECK((b[6] << 8 | b[7]) == 6);  // words behind the first
  const auto tomorrow = std::chrono::system_clock::now() + std::chrono::hours(24);
  const auto unix = std::chrono::duration_cast<std::chrono::seconds>(tomorrow.time_since_epoch()).count();
  CHECK(std::abs(static_cast<std::int64_t>(word(12)) - 2'208'988'800 - unix) <= 2);
  CHECK(word(20) == reader.bursts[0]->timestamp);
  CHECK(word(24) == reader.bursts[0]->packets.size());
  CHECK(b[33] == 202);  // SDES follows
  CHECK(4 + 28 + 4 * (1 + (b[34] << 8 | b[35])) == b.size());
}

TEST_CASE("the end of a feed ends its sessions") {
  auto feed = std::make_unique<Feed>(stream());
  TestReader playing(*feed), waiting(*feed);
  feed->impl().play(playing);
  feed->close_readers();
  CHECK(playing.ended);
  CHECK(waiting.ended);
  CHECK(feed->readers() == 0);
  TestReader later(*feed);
  feed.reset();
  CHECK(later.ended);
}

TEST_CASE("tracks without a packetizer are left out") {
  auto info = std::make_shared<media::StreamInfo>(*stream());
  info->video->codec = media::Codec::kMjpeg;
  Feed feed(info);
  CHECK(feed.tracks() == 1);
  TestReader reader(feed, false);
  feed.impl().play(reader);
  push_picture(feed, true, 0);
  CHECK(reader.bursts.empty());
}

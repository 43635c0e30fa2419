#include "libhls/stream.h"

#include <doctest/doctest.h>

#include <deque>

#include "tests/libhls/feeding.h"

namespace camctl::hls {
namespace {

using namespace std::chrono_literals;

// A source that does what a test says. Cameras are too slow: these deliver a minute in no time.
struct Script {
  std::function<void(media::SourceSink&)> run;
  std::shared_ptr<bool> hurry = nullptr;  // what the source was told last
};

class ScriptedSource final : public media::Source {
 public:
  explicit ScriptedSource(Script script) : script_(std::move(script)) {}
  ~ScriptedSource() override { stop(); }
  void start(EventLoop& loop, media::SourceSink& sink) override {
    loop.post([alive = std::weak_ptr(alive_), &sink, run = script_.run] {
      if (!alive.expired()) run(sink);
    });
  }
  void stop() override { alive_.reset(); }
  void set_hurry(bool hurry) override {
    if (script_.hurry) *script_.hurry = hurry;
  }

 private:
  Script script_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

media::AudioInfo pcma_info() {
  media::AudioInfo audio;
  audio.codec = media::Codec::kPcma;
  audio.clock_rate = audio.sample_rate = 8000;
  audio.channels = 1;
  return audio;
}

// `seconds` of 25 pictures a second with a key frame each second, and G.711 in frames of 20 ms if wanted.
void feed(media::SourceSink& sink, int seconds, bool pcma) {
  const auto now = std::chrono::steady_clock::now();
  sink.on_stream(make_info(h264_info(), pcma ? std::optional(pcma_info()) : std::nullopt));
  for (int i = 0; i < seconds * 25; ++i) {
    auto unit = video_unit(i * kFrame, i % 25 == 0);
    unit.arrival = now + i * 40ms;
    sink.on_access_unit(std::move(unit));
    for (int k = 0; pcma && k < 2; ++k) {
      auto audio = audio_unit((i * 2 + k) * 160, 160);
      audio.duration = 160;
      audio.arrival = now + i * 40ms;
      sink.on_access_unit(std::move(audio));
    }
  }
}

struct Bench {
  explicit Bench(std::deque<Script> scripts, StreamOptions options = {}) {
    options.id = "stream_0";
    stream = std::make_unique<Stream>(
        loop,
        [this, scripts = std::make_shared<std::deque<Script>>(std::move(scripts))]() {
          ++attempts;
          Script next = scripts->front();
          if (scripts->size() > 1) scripts->pop_front();
          return std::make_unique<ScriptedSource>(std::move(next));
        },
        std::move(options));
  }

  // Runs the loop until `done` says so, 5 s at most.
  bool run_until(const std::function<bool()>& done) {
    bool reached = false;
    Timer limit(loop), look(loop);
    limit.after(5s, [this] { loop.stop(); });
    std::function<void()> check = [&] {
      reached = done();
      if (reached) return loop.stop();
      look.after(5ms, check);
    };
    loop.post(check);
    loop.run();
    return reached;
  }

  EventLoop loop;
  int attempts = 0;
  std::unique_ptr<Stream> stream;
};

TEST_CASE("stream: rests while nobody watches, and begins anew") {
  Bench bench({{[](auto& sink) { feed(sink, 9, true); }}});
  bench.stream->rest();
  CHECK(bench.stream->status().state == StreamState::kIdle);
  bench.stream->start();
  bench.stream->start();  // once is enough
  CHECK(bench.stream->status().state == StreamState::kConnecting);
  std::uint64_t last = 0;
  bool rested = false;
  const auto rest = [&] {
    CHECK(bench.attempts == 1);
    last = bench.stream->window().segments.back()->number;
    CHECK(bench.stream->ts_segment(last));
    bench.stream->rest();
    CHECK(bench.stream->status().state == StreamState::kIdle);
    CHECK(bench.stream->window().segments.empty());
    CHECK_FALSE(bench.stream->ts_playlist());
    CHECK_FALSE(bench.stream->ts_segment(last));
    CHECK(bench.stream->newest_gop().units.empty());
    bench.stream->start();
    rested = true;
  };
  REQUIRE(bench.run_until([&] {
    if (!rested && bench.stream->window().segments.size() >= 4) rest();
    return rested && !bench.stream->window().segments.empty();
  }));
  CHECK(bench.attempts == 2);
  CHECK(bench.stream->window().segments.front()->number > last);
  bench.stream->stop();
  bench.stream->rest();
  CHECK(bench.stream->window().ended);
}

TEST_CASE("stream: live, segments in both forms, playlists, status") {
  Bench bench({{[](auto& sink) { feed(sink, 9, true); }}});
  int news = 0;
  const auto subscription = bench.stream->subscribe([&] { ++news; });
  CHECK(bench.stream->status().state == StreamState::kConnecting);
  CHECK_FALSE(bench.stream->ts_playlist());
  bench.stream->start();
  REQUIRE(bench.run_until([&] { return bench.stream->window().segments.size() >= 4; }));
  CHECK(news >= 5);

  const auto status = bench.stream->status();
  CHECK(status.state == StreamState::kLive);
  CHECK(status.reason.empty());
  CHECK(status.frames == 9 * 25);
  CHECK(status.info->audio->codec == media::Codec::kPcma);
  CHECK(bench.stream->ts_playlist()->find("playlist0.ts") != std::string::npos);
  CHECK(bench.stream->fmp4_playlist()->find("init-") != std::string::npos);
  const auto variant = bench.stream->variant("media.m3u8");
  REQUIRE(variant);
  CHECK(variant->text.find("mp4a.40.2") !=
        std::string::npos);  // as it is packaged, not as the camera sends it

  const auto segment = bench.stream->window().segments[1];
  const auto once = bench.stream->ts_segment(segment->number);
  REQUIRE(once);
  CHECK((*once)->size % 188 == 0);
  CHECK(bench.stream->ts_segment(segment->number)->get() == once->get());  // shared
  CHECK(bench.stream->fmp4_segment(segment->number));
  CHECK(bench.stream->init_segment(segment->init_version));
  CHECK(bench.stream->ts_segment(4711).error().code == ErrorCode::kNotFound);
  CHECK(bench.stream->init_segment(4711).error().code == ErrorCode::kNotFound);
}

TEST_CASE("stream: a loss ends the segment and says why") {
  const Script broken{[](auto& sink) {
    feed(sink, 3, false);
    sink.on_end(fail(ErrorCode::kNetwork, "the camera closed the connection"));
  }};
  Bench bench({broken, {[](auto& sink) { feed(sink, 5, false); }}});
  bench.stream->start();
  REQUIRE(bench.run_until([&] { return bench.stream->status().state == StreamState::kOffline; }));
  CHECK(bench.stream->status().reason == "the camera closed the connection");
  CHECK(bench.stream->status().cause == ErrorCode::kNetwork);
  CHECK(bench.stream->window().segments.size() == 2);  // the unfinished one as well
  CHECK(bench.stream->status().reconnects == 1);
}

TEST_CASE("stream: whoever hears of a loss can have the last segment") {
  const Script broken{[](auto& sink) {
    feed(sink, 3, false);
    sink.on_end(fail(ErrorCode::kNetwork, "the camera closed the connection"));
  }};
  Bench bench({broken, {[](auto& sink) { feed(sink, 5, false); }}});
  std::size_t there = 0, missing = 0;
  const auto subscription = bench.stream->subscribe([&] {
    for (const auto& segment : bench.stream->window().segments)
      ++(bench.stream->ts_segment(segment->number) ? there : missing);
  });
  bench.stream->start();
  REQUIRE(bench.run_until([&] { return bench.stream->status().state == StreamState::kOffline; }));
  CHECK(there > 0);
  CHECK(missing == 0);
}

TEST_CASE("stream: refusals end in error and are not tried again soon") {
  struct Case {
    Error error;
    StreamState state;
  };
  const Case cases[] = {{{ErrorCode::kAuth, "the credentials are refused", ""}, StreamState::kError},
                        {{ErrorCode::kProtocol, "nonsense", "try another"}, StreamState::kError},
                        {{ErrorCode::kTimeout, "no answer", ""}, StreamState::kOffline}};
  for (const auto& c : cases) {
    Bench bench({{[&](auto& sink) { sink.on_end(fail(c.error)); }}});
    bench.stream->start();
    REQUIRE(bench.run_until([&] { return bench.stream->status().cause.has_value(); }));
    CHECK(bench.stream->status().state == c.state);
    CHECK(bench.stream->status().cause == c.error.code);
    CHECK(bench.attempts == 1);
  }
}

TEST_CASE("stream: video that HLS can't carry names the remedy") {
  Bench bench({{[](auto& sink) {
    auto video = h264_info();
    video.codec = media::Codec::kMjpeg;
    sink.on_stream(make_info(video, std::nullopt));
    // What the source had in hand when it was stopped.
    sink.on_access_unit(video_unit(0, true));
    sink.on_end(fail(ErrorCode::kNetwork, "closed"));
  }}});
  bench.stream->start();
  REQUIRE(bench.run_until([&] { return bench.stream->status().state == StreamState::kError; }));
  CHECK(bench.stream->status().reason.find("--video-codec h264") != std::string::npos);
}

TEST_CASE("stream: audio is left out where it is not to be encoded") {
  StreamOptions options;
  options.encode_audio = false;
  Bench bench({{[](auto& sink) { feed(sink, 5, true); }}}, options);
  bench.stream->start();
  REQUIRE(bench.run_until([&] { return !bench.stream->window().segments.empty(); }));
  CHECK_FALSE(bench.stream->window().segments.front()->info->audio);
}

TEST_CASE("stream: a finite source ends the playlist, and so does stop()") {
  Bench finite({{[](auto& sink) {
    feed(sink, 3, false);
    sink.on_end({});
  }}});
  finite.stream->start();
  REQUIRE(finite.run_until([&] { return finite.stream->window().ended; }));
  CHECK(finite.stream->ts_playlist()->find("#EXT-X-ENDLIST") != std::string::npos);

  Bench endless({{[](auto& sink) { feed(sink, 3, false); }}});
  endless.stream->start();
  REQUIRE(endless.run_until([&] { return !endless.stream->window().segments.empty(); }));
  endless.stream->stop();
  CHECK(endless.stream->window().ended);
  CHECK(endless.stream->window().segments.size() == 2);
}

TEST_CASE("stream: parts of the segment that is being built, packaged once") {
  StreamOptions options;
  options.window.part_duration = 200ms;
  Bench bench({{[](auto& sink) { feed(sink, 9, true); }}}, options);
  bench.stream->start();
  REQUIRE(bench.run_until([&] { return bench.stream->state()->segments.size() >= 4; }));
  const auto part = bench.stream->part(4, 0);
  REQUIRE(part);
  CHECK(bench.stream->part(4, 0).value() == *part);
  CHECK(bench.stream->part(4, 99).error().code == ErrorCode::kNotFound);
  CHECK(bench.stream->part(9, 0).error().code == ErrorCode::kNotFound);
}

TEST_CASE("stream: the multivariant playlist is there with the first part") {
  StreamOptions options;
  options.window.part_duration = 200ms;
  Bench bench({{[](auto& sink) { feed(sink, 1, true); }}}, options);
  bench.stream->start();
  REQUIRE(bench.run_until([&] { return bench.stream->state()->open != nullptr; }));
  CHECK(bench.stream->state()->segments.empty());
  const auto index = bench.stream->variant("main/media.m3u8");
  REQUIRE(index);
  CHECK(index->text.find("CODECS=\"avc1.640028,mp4a.40.2\"") != std::string::npos);
  CHECK(index->text.find("FRAME-RATE=25.000") != std::string::npos);
  CHECK_FALSE(bench.stream->ts_playlist());
}

TEST_CASE("stream: the source hurries once somebody waits, in its first attempt and in those after") {
  const auto hurry = std::make_shared<bool>(false);
  Bench bench({{[](auto&) {}, hurry}});
  bench.stream->start();
  CHECK_FALSE(*hurry);
  bench.stream->wanted();
  bench.stream->wanted();
  CHECK(bench.run_until([&] { return *hurry; }));
  const auto later = std::make_shared<bool>(false);
  Bench another({{[](auto&) {}, later}});
  another.stream->wanted();
  another.stream->start();
  CHECK(*later);
}

}  // namespace
}  // namespace camctl::hls

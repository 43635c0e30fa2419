// Our client against our server, over loopback (other people's servers: tests/integration).
#include "librtsp/client.h"

#include <doctest/doctest.h>

#include <csignal>
#include <functional>
#include <vector>

#include "base/media/nal.h"
#include "librtsp/server.h"

using namespace camctl;
using namespace camctl::rtsp;
using namespace std::chrono_literals;
using media::Bytes;

namespace {

const Bytes kSps = {0x67, 0x42, 0xc0, 0x0d, 0xd9, 0x01, 0x41, 0xfb, 0x01, 0x10, 0x00, 0x00,
                    0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0x20, 0xf1, 0x42, 0x99, 0x20};
const Bytes kPps = {0x68, 0xcb, 0x83, 0xcb, 0x20};

media::StreamInfoPtr stream_info(bool with_sets) {
  media::StreamInfo info;
  info.video.emplace();
  info.video->codec = media::Codec::kH264;
  if (with_sets) {
    info.video->sps = kSps;
    info.video->pps = kPps;
  }
  info.audio.emplace();
  info.audio->codec = media::Codec::kPcma;
  info.audio->clock_rate = info.audio->sample_rate = 8000;
  info.audio->channels = 1;
  return std::make_shared<const media::StreamInfo>(info);
}

struct Recorder final : media::SourceSink {
  std::vector<media::StreamInfoPtr> streams;
  std::vector<media::AccessUnit> video, audio;
  std::optional<Result<void>> end;
  std::function<void()> changed = [] {};

  void on_stream(media::StreamInfoPtr info) override { streams.push_back(std::move(info)); }
  void on_access_unit(media::AccessUnit unit) override {
    (unit.track == media::TrackKind::kVideo ? video : audio).push_back(std::move(unit));
    changed();
  }
  void on_end(Result<void> reason) override {
    end = std::move(reason);
    changed();
  }
};

// A camera: a server with one feed that plays a key frame of 5000 bytes, then small frames, and sound.
struct Camera {
  EventLoop& loop;
  Feed feed;
  std::unique_ptr<Server> server;
  Timer timer{loop};
  unsigned frame = 0;

  Camera(EventLoop& l, ServerOptions options, bool with_sets = true) : loop(l), feed(stream_info(with_sets)) {
    options.port = 0;
    auto listening = Server::listen(loop, std::move(options), [this](std::string_view path) {
      return path == "/live" ? &feed : nullptr;
    });
    REQUIRE(listening);
    server = std::move(*listening);
    play();
  }

  void play() {
    if (feed.readers() > 0) {
      media::AccessUnit video;
      video.key = frame % 10 == 0;
      video.pts = video.dts = frame * 3600;
      Bytes slice(video.key ? 5000 : 300, static_cast<std::uint8_t>(frame));
      slice[0] = video.key ? 0x65 : 0x41;
      slice[1] = 0x88;
      media::append_length_prefixed(video.data, slice);
      feed.push(std::make_shared<media::AccessUnit>(std::move(video)));
      media::AccessUnit audio;
      audio.track = media::TrackKind::kAudio;
      audio.key = true;
      audio.pts = audio.dts = frame * 320;
      audio.data.assign(320, static_cast<std::uint8_t>(frame));
      feed.push(std::make_shared<media::AccessUnit>(std::move(audio)));
      ++frame;
    }
    timer.after(2ms, [this] { play(); });
  }
};

struct Session {
  EventLoop loop;
  Recorder recorder;
  std::unique_ptr<Camera> camera;
  std::unique_ptr<media::Source> source;
  Timer limit{loop};

  // Runs until `done`, 5 s at most; false then.
  bool run(ClientOptions options, const std::function<bool(const Recorder&)>& done) {
    std::signal(SIGPIPE, SIG_IGN);  // as the programs do
    source = make_source(std::move(options));
    source->start(loop, recorder);
    bool reached = false;
    recorder.changed = [&] {
      if (reached || !done(recorder)) return;
      reached = true;
      loop.post([&] {
        source.reset();
        camera.reset();
        loop.stop();
      });
    };
    limit.after(5s, [&] {
      source.reset();
      camera.reset();
      loop.stop();
    });
    loop.run();
    limit.cancel();
    return reached;
  }

  ClientOptions options(std::string_view path = "/live") const {
    ClientOptions o;
    o.url = *Url::parse("rtsp://127.0.0.1:" + std::to_string(camera->server->port()) + std::string(path));
    o.timeout = 2s;
    return o;
  }
};

bool has_enough(const Recorder& r) { return r.end || (r.video.size() >= 25 && r.audio.size() >= 25); }

void check_media(const Recorder& r) {
  REQUIRE(!r.streams.empty());
  CHECK(r.streams[0]->video->width == 320);
  CHECK(r.streams[0]->video->sps == kSps);
  CHECK(r.streams[0]->audio->codec == media::Codec::kPcma);
  REQUIRE(r.video.size() >= 25);
  CHECK(r.video[0].key);
  CHECK(r.video[0].data.size() == 5004);
  for (std::size_t i = 1; i < r.video.size(); ++i) {
    CHECK(r.video[i].pts - r.video[i - 1].pts == 3600);
    CHECK(!r.video[i].gap_before);
  }
  for (std::size_t i = 1; i < r.audio.size(); ++i) CHECK(r.audio[i].pts - r.audio[i - 1].pts == 320);
  // Both tracks are on one axis: the sound of frame n lies beside its picture.
  const auto n = r.video[10].data[10], first = r.audio[0].data[0];
  const double picture = static_cast<double>(r.video[10].pts) / 90'000;
  const double sound = static_cast<double>(r.audio[static_cast<std::size_t>(n - first)].pts) / 8000;
  CHECK(std::abs(picture - sound) < 0.1);
}

}  // namespace

TEST_CASE("a stream arrives whole over TCP and UDP, with each kind of authentication") {
  struct Row {
    const char* name;
    ClientOptions::Transport transport;
    std::vector<DigestAlgorithm> digest;
    bool basic;
  };
  const Row rows[] = {
      {"TCP", ClientOptions::Transport::kTcp, {}, false},
      {"UDP", ClientOptions::Transport::kUdp, {}, false},
      {"HTTP", ClientOptions::Transport::kHttp, {DigestAlgorithm::kMd5}, false},
      {"MD5", ClientOptions::Transport::kAuto, {DigestAlgorithm::kMd5}, false},
      {"SHA-256", ClientOptions::Transport::kAuto, {DigestAlgorithm::kMd5, DigestAlgorithm::kSha256}, false},
      {"Basic", ClientOptions::Transport::kAuto, {}, true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    Session session;
    ServerOptions server;
    server.digest = row.digest;
    server.basic = row.basic;
    server.credentials = {"admin", Secret("p@ss")};
    session.camera = std::make_unique<Camera>(session.loop, server);
    auto options = session.options();
    options.transport = row.transport;
    if (!row.digest.empty() || row.basic) options.credentials = server.credentials;
    CHECK(session.run(options, has_enough));
    CHECK(!session.recorder.end);
    check_media(session.recorder);
  }
}

TEST_CASE("inside TLS") {
  const auto context = *tls::Context::self_signed("camera");
  const auto server = [&context] {
    ServerOptions options;
    options.tls = context;
    options.digest = {DigestAlgorithm::kMd5};
    options.credentials = {"admin", Secret("right")};
    return options;
  };
  Session session;
  session.camera = std::make_unique<Camera>(session.loop, server());
  auto options = session.options();
  options.url.scheme = "rtsps";
  options.credentials = {"admin", Secret("right")};
  unsigned unverified = 0;
  options.unverified = [&](const tls::KeyPin& pin) {
    ++unverified;
    CHECK(pin == context->pin());
  };
  SUBCASE("without a pin") {
    CHECK(session.run(options, has_enough));
    check_media(session.recorder);
    CHECK(unverified == 1);
  }
  SUBCASE("UDP is not asked for: it would go in the clear") {
    options.transport = ClientOptions::Transport::kUdp;
    CHECK(session.run(options, has_enough));
    check_media(session.recorder);
  }
  SUBCASE("a tunnel") {
    options.transport = ClientOptions::Transport::kHttp;
    CHECK(session.run(options, has_enough));
    check_media(session.recorder);
    CHECK(unverified == 2);  // two connections
  }
  SUBCASE("with the right pin") {
    options.tls_pin = context->pin();
    CHECK(session.run(options, has_enough));
    check_media(session.recorder);
    CHECK(unverified == 0);
  }
  SUBCASE("with another pin") {
    options.tls_pin = (*tls::Context::self_signed("another"))->pin();
    CHECK(session.run(options, has_enough));
    REQUIRE(session.recorder.end);
    CHECK(session.recorder.end->error().code == ErrorCode::kAuth);
    CHECK(session.recorder.end->error().message.find(context->pin().to_string()) != std::string::npos);
    CHECK(unverified == 0);
  }
  SUBCASE("a server without TLS") {
    session.camera = std::make_unique<Camera>(session.loop, ServerOptions{});
    options.url.port = session.camera->server->port();
    CHECK(session.run(options, has_enough));
    REQUIRE(session.recorder.end);
    CHECK(session.recorder.end->error().code != ErrorCode::kUnsupported);
  }
}

TEST_CASE("a sink may end the session from within a call, and hears nothing more") {
  struct Stopper final : media::SourceSink {
    std::unique_ptr<media::Source> source;
    std::function<void()> stopped;
    unsigned later = 0;
    void on_stream(media::StreamInfoPtr) override {
      source.reset();
      stopped();
    }
    void on_access_unit(media::AccessUnit) override { ++later; }
    void on_end(Result<void>) override { ++later; }
  };
  for (const auto transport : {ClientOptions::Transport::kTcp, ClientOptions::Transport::kUdp}) {
    Session session;
    session.camera = std::make_unique<Camera>(session.loop, ServerOptions{});
    auto options = session.options();
    options.transport = transport;
    Stopper sink;
    bool reached = false;
    const auto end = [&] {
      session.camera.reset();
      session.loop.stop();
    };
    sink.stopped = [&] {
      reached = true;
      session.limit.after(50ms, end);
    };
    sink.source = make_source(std::move(options));
    sink.source->start(session.loop, sink);
    session.limit.after(5s, end);
    session.loop.run();
    CHECK(reached);
    CHECK(sink.later == 0);
  }
}

TEST_CASE("what fails says why") {
  SUBCASE("wrong password") {
    Session session;
    session.camera =
        std::make_unique<Camera>(session.loop, ServerOptions{.digest = {DigestAlgorithm::kMd5},
                                                             .credentials = {"admin", Secret("right")},
                                                             .tls = {}});
    auto options = session.options();
    options.credentials = {"admin", Secret("wrong")};
    CHECK(session.run(options, has_enough));
    REQUIRE(session.recorder.end);
    CHECK(session.recorder.end->error().code == ErrorCode::kAuth);
    CHECK(session.recorder.end->error().message.find("wrong") == std::string::npos);
  }
  SUBCASE("no password") {
    Session session;
    session.camera =
        std::make_unique<Camera>(session.loop, ServerOptions{.digest = {DigestAlgorithm::kMd5},
                                                             .credentials = {"admin", Secret("right")},
                                                             .tls = {}});
    CHECK(session.run(session.options(), has_enough));
    CHECK(session.recorder.end->error().code == ErrorCode::kAuth);
  }
  SUBCASE("no such stream") {
    Session session;
    session.camera = std::make_unique<Camera>(session.loop, ServerOptions{});
    CHECK(session.run(session.options("/other"), has_enough));
    CHECK(session.recorder.end->error().code == ErrorCode::kNotFound);
  }
  SUBCASE("nobody there") {
    Session session;
    session.camera = std::make_unique<Camera>(session.loop, ServerOptions{});
    const auto options = session.options();
    session.camera.reset();
    CHECK(session.run(options, has_enough));
    CHECK(session.recorder.end->error().code == ErrorCode::kNetwork);
  }
  SUBCASE("the camera hangs up") {
    Session session;
    session.camera = std::make_unique<Camera>(session.loop, ServerOptions{});
    auto& feed = session.camera->feed;
    bool closed = false;
    CHECK(session.run(session.options(), [&](const Recorder& r) {
      if (!closed && r.video.size() > 3) session.loop.post([&feed] { feed.close_readers(); });
      closed = closed || r.video.size() > 3;
      return r.end.has_value();
    }));
    CHECK(session.recorder.end->error().code == ErrorCode::kNetwork);
  }
}

TEST_CASE("a source stopped at any moment calls nobody any more") {
  for (const auto delay : {0ms, 1ms, 2ms, 3ms, 5ms, 10ms, 30ms}) {
    Session session;
    session.camera = std::make_unique<Camera>(session.loop, ServerOptions{});
    session.source = make_source(session.options());
    session.source->start(session.loop, session.recorder);
    Timer stop(session.loop), end(session.loop);
    std::size_t seen = 0;
    stop.after(delay, [&] {
      session.source.reset();
      seen = session.recorder.video.size();
    });
    end.after(delay + 40ms, [&] {
      session.camera.reset();
      session.loop.stop();
    });
    session.loop.run();
    CHECK(session.recorder.video.size() == seen);
    CHECK(!session.recorder.end);
  }
}

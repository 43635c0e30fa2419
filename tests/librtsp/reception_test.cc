#include "librtsp/reception.h"

#include <doctest/doctest.h>

#include <vector>

using namespace camctl;
using namespace camctl::rtsp;
using namespace std::chrono_literals;
using media::Bytes;
using Clock = std::chrono::steady_clock;

namespace {

void put32(Bytes& out, std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

// Motion JPEG at 25 pictures a second and G.711, from a camera whose clock is `skew` ahead of ours.
struct Camera final : media::SourceSink {
  std::vector<media::AccessUnit> pictures, sounds;
  std::vector<std::chrono::milliseconds> offsets;
  std::vector<std::string> documents;
  Reception reception{
      *this, [this](media::AccessUnit unit) { documents.emplace_back(unit.data.begin(), unit.data.end()); }};
  Clock::time_point now = Clock::now();
  std::chrono::system_clock::time_point wall = std::chrono::system_clock::now();
  std::chrono::milliseconds skew{0};
  int sound_late = 0;  // frames by which the sound lags in its reports
  std::uint16_t sequence = 0;
  std::uint32_t frame = 0;

  Camera() {
    REQUIRE(reception.add_track({media::TrackKind::kVideo, "JPEG", 26, 90'000, 1, {}}));
    REQUIRE(reception.add_track({media::TrackKind::kAudio, "PCMA", 8, 8000, 1, {}}));
    REQUIRE(reception.add_track({media::TrackKind::kMetadata, "VND.ONVIF.METADATA", 107, 90'000, 1, {}}));
  }

  void on_stream(media::StreamInfoPtr) override {}
  void on_end(Result<void>) override {}
  void on_camera_clock(std::chrono::milliseconds offset) override { offsets.push_back(offset); }
  void on_access_unit(media::AccessUnit unit) override {
    (unit.track == media::TrackKind::kVideo ? pictures : sounds).push_back(std::move(unit));
  }

  void rtp(std::size_t track, std::uint8_t type, std::uint32_t timestamp, const Bytes& payload) {
    Bytes packet = {0x80, static_cast<std::uint8_t>(0x80 | type), static_cast<std::uint8_t>(sequence >> 8),
                    static_cast<std::uint8_t>(sequence)};
    put32(packet, timestamp);
    put32(packet, 1);
    packet.insert(packet.end(), payload.begin(), payload.end());
    reception.on_rtp(track, packet, now);
  }

  void play(int frames) {
    for (int i = 0; i < frames; ++i, ++frame, ++sequence) {
      rtp(0, 26, frame * 3600, {0, 0, 0, 0, 1, 50, 40, 30, 1, 2, 3});
      rtp(1, 8, frame * 320, Bytes(320, 5));
      now += 40ms;
      wall += 40ms;
    }
  }

  void report(std::size_t track) {
    Bytes packet = {0x80, 200, 0, 6};
    put32(packet, 1);
    const auto time = (wall + skew).time_since_epoch();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    put32(packet, static_cast<std::uint32_t>(ms / 1000 + 2'208'988'800));
    put32(packet, static_cast<std::uint32_t>((ms % 1000) * 4'294'967));
    const auto shown = static_cast<std::uint32_t>(static_cast<int>(frame) - (track == 1 ? sound_late : 0));
    put32(packet, shown * (track == 0 ? 3600 : 320));
    put32(packet, 0);
    put32(packet, 0);
    reception.on_rtcp(track, packet, now);
  }

  // Milliseconds by which the newest sound is later than the newest picture.
  double skew_of_sound() const {
    return static_cast<double>(sounds.back().pts) / 8 - static_cast<double>(pictures.back().pts) / 90;
  }
};

}  // namespace

TEST_CASE("reports that show the sound late move it beside its picture") {
  Camera camera;
  camera.play(10);
  CHECK(std::abs(camera.skew_of_sound()) < 5);
  camera.sound_late = 5;
  camera.report(0);
  camera.report(1);
  camera.play(1);
  CHECK(camera.skew_of_sound() == doctest::Approx(200).epsilon(0.05));
}

TEST_CASE("a clock that is set moves nothing") {
  for (const auto step : {-7000ms, 2000ms, 3'600'000ms}) {
    CAPTURE(step.count());
    Camera camera;
    camera.play(10);
    camera.report(0);
    camera.report(1);
    for (int i = 0; i < 4; ++i) {
      camera.play(25);
      camera.skew += step;  // between the reports of the two tracks
      camera.report(static_cast<std::size_t>(i % 2));
      camera.play(25);
      camera.report(static_cast<std::size_t>(1 - i % 2));
    }
    for (std::size_t i = 1; i < camera.sounds.size(); ++i)
      REQUIRE(camera.sounds[i].pts - camera.sounds[i - 1].pts == 320);
    for (std::size_t i = 1; i < camera.pictures.size(); ++i)
      REQUIRE(camera.pictures[i].pts - camera.pictures[i - 1].pts == 3600);
  }
}

TEST_CASE("the camera's clock is told, filtered, and followed when it is set") {
  Camera camera;
  camera.skew = -3'600'000ms;
  camera.play(1);
  camera.report(0);
  REQUIRE(!camera.offsets.empty());
  CHECK(std::chrono::abs(camera.offsets.back() + 3600s) < 2s);
  camera.skew = 0ms;
  for (int i = 0; i < 3; ++i) camera.report(0);
  CHECK(std::chrono::abs(camera.offsets.back()) < 2s);
}

TEST_CASE("metadata goes beside the stream") {
  Camera camera;
  const std::string text = "<tt:MetadataStream/>";
  camera.rtp(2, 107, 0, Bytes(text.begin(), text.end()));
  CHECK(camera.documents == std::vector<std::string>{text});
  CHECK(camera.pictures.empty());
  CHECK(camera.sounds.empty());
}

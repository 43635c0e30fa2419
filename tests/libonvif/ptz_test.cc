#include "libonvif/ptz.h"

#include <doctest/doctest.h>

#include "libonvif/ptz_messages.h"
#include "tests/libonvif/captures.h"
#include "tests/libonvif/session_bench.h"

using namespace camctl;
using namespace camctl::onvif;
using namespace std::chrono_literals;

namespace {

Ptz open(SessionBench& bench) {
  auto ptz = Ptz::open(bench.session);
  REQUIRE_MESSAGE(ptz, ptz.error().message);
  return std::move(*ptz);
}

PtzStatus status_of(Ptz& ptz) {
  const auto status = ptz.status();
  REQUIRE_MESSAGE(status, status.error().message);
  return *status;
}

}  // namespace

TEST_CASE("a camera turns while it is told to, and stops") {
  SessionBench bench;
  Ptz ptz = open(bench);
  CHECK(ptz.profile() == "P1");
  REQUIRE(ptz.move({.pan = 0.5, .tilt = {}, .zoom = {}}));
  bench.elapsed += 1s;  // at half its speed of half a unit a second
  CHECK(status_of(ptz).position.pan == doctest::Approx(0.25));
  CHECK(status_of(ptz).moving == true);
  REQUIRE(ptz.stop());
  bench.elapsed += 1s;
  CHECK(status_of(ptz).position.pan == doctest::Approx(0.25));
  CHECK(status_of(ptz).position.tilt == doctest::Approx(0));
  CHECK(status_of(ptz).moving == false);
}

TEST_CASE("quirk 94: only axes that move are sent") {
  SessionBench bench(test_device_with({94}));
  Ptz ptz = open(bench);
  REQUIRE(ptz.move({.pan = {}, .tilt = -1, .zoom = {}}));
  REQUIRE(ptz.stop());
  CHECK(bench.sent("tt:Zoom") == 0);
  CHECK(bench.sent("tptz:Zoom") == 0);
  const auto zoomed = ptz.move({.pan = {}, .tilt = {}, .zoom = 1});
  REQUIRE_FALSE(zoomed);
  CHECK(zoomed.error().message.find("does not zoom") != std::string::npos);
}

TEST_CASE("quirk 93: no time-out is sent, and where Stop fails zero velocity stops") {
  SessionBench bench(test_device_with({93}));
  Ptz ptz = open(bench);
  REQUIRE(ptz.move({.pan = 1, .tilt = {}, .zoom = 1}));
  CHECK(bench.sent("Timeout") == 0);
  bench.elapsed += 1s;
  REQUIRE(ptz.stop());
  const auto stopped = status_of(ptz);
  CHECK(stopped.moving == false);
  bench.elapsed += 5s;
  CHECK(status_of(ptz).position.pan == doctest::Approx(*stopped.position.pan));
  CHECK(status_of(ptz).position.zoom == doctest::Approx(*stopped.position.zoom));
  CHECK(bench.session.all_quirks().contains(93));
}

TEST_CASE("quirk 93: a stop that knows of no move stops every axis, zoom or not") {
  SessionBench bench(test_device_with({93, 94}));
  Ptz mover = open(bench), ptz = open(bench);
  REQUIRE(mover.move({.pan = 1, .tilt = {}, .zoom = {}}));
  REQUIRE(ptz.stop());
  CHECK(status_of(ptz).moving == false);
}

TEST_CASE("quirk 91: PTZ goes without addressing") {
  SessionBench bench(test_device_with({91}));
  Ptz ptz = open(bench);
  REQUIRE(ptz.move({.pan = 1, .tilt = {}, .zoom = {}}));
  REQUIRE(ptz.stop());
  CHECK(bench.sent("addressing") == 0);
}

TEST_CASE("ways and positions") {
  SessionBench bench;
  Ptz ptz = open(bench);
  REQUIRE(ptz.move_to({.pan = 0.5, .tilt = -0.5, .zoom = 0.25}));
  bench.elapsed += 10s;
  REQUIRE(ptz.move_by({.pan = -0.25, .tilt = {}, .zoom = {}}));
  bench.elapsed += 10s;
  const auto first = status_of(ptz);
  CHECK(first.position.pan == doctest::Approx(0.25));
  CHECK(first.position.tilt == doctest::Approx(-0.5));
  CHECK(first.position.zoom == doctest::Approx(0.25));
  // One axis alone keeps the other where it is.
  REQUIRE(ptz.move_to({.pan = -1, .tilt = {}, .zoom = {}}));
  bench.elapsed += 10s;
  CHECK(status_of(ptz).position.pan == doctest::Approx(-1));
  CHECK(status_of(ptz).position.tilt == doctest::Approx(-0.5));
  REQUIRE(ptz.home());
  bench.elapsed += 10s;
  CHECK(status_of(ptz).position.pan == doctest::Approx(0));
}

TEST_CASE("presets by name and by token") {
  SessionBench bench;
  Ptz ptz = open(bench);
  REQUIRE(ptz.presets());
  CHECK(ptz.presets()->empty());
  REQUIRE(ptz.move_to({.pan = 0.5, .tilt = 0.5, .zoom = {}}));
  bench.elapsed += 10s;
  const auto gate = ptz.set_preset("Gate <1>");
  REQUIRE(gate);
  REQUIRE(ptz.home());
  bench.elapsed += 10s;
  const auto door = ptz.set_preset("Door");
  REQUIRE(door);
  CHECK(*gate != *door);
  CHECK(ptz.set_preset("Gate <1>") == *gate);  // the name that is there keeps its token
  REQUIRE(ptz.presets());
  CHECK(ptz.presets()->size() == 2);
  REQUIRE(ptz.move_to({.pan = -1, .tilt = -1, .zoom = {}}));
  bench.elapsed += 10s;
  REQUIRE(ptz.goto_preset("Gate <1>"));
  bench.elapsed += 10s;
  CHECK(status_of(ptz).position.pan == doctest::Approx(0));
  REQUIRE(ptz.goto_preset(*door));
  REQUIRE(ptz.remove_preset("Door"));
  const auto missing = ptz.goto_preset("Door");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::kNotFound);
  CHECK(missing.error().hint.find("Gate <1>") != std::string::npos);
}

TEST_CASE("a camera that cannot turn says so; of several profiles the right one turns") {
  auto fixed = test_device();
  fixed.ptz = false;
  SessionBench still(fixed);
  const auto none = Ptz::open(still.session);
  REQUIRE_FALSE(none);
  CHECK(none.error().code == ErrorCode::kUnsupported);

  SessionBench bench;
  const auto second = Ptz::open(bench.session, {"P2"});
  REQUIRE(second);
  CHECK(second->profile() == "P2");
  const auto other = Ptz::open(bench.session, {"channel-9"});
  REQUIRE_FALSE(other);
  CHECK(other.error().code == ErrorCode::kNotFound);
}

TEST_CASE("recorded presets and positions of real cameras") {
  namespace fs = std::filesystem;
  if (!fs::is_directory(captures_folder())) return;
  std::size_t presets = 0, positions = 0;
  for (const auto& entry : fs::recursive_directory_iterator(captures_folder())) {
    const std::string name = entry.path().filename().string(), text = file_text(entry.path());
    if (!entry.is_regular_file() || find_fault(text)) continue;
    CAPTURE(entry.path().string());
    Quirks quirks;
    if (name == "GetPresetsResponse.xml" || name == "get_ptz_presets.xml") {
      const auto read = read_presets(text, quirks);
      REQUIRE_MESSAGE(read, read.error().message);
      presets += read->size();
    } else if (name == "GetStatusResponse.xml" || name == "get_ptz_status.xml") {
      const auto read = read_ptz_status(text, quirks);
      REQUIRE_MESSAGE(read, read.error().message);
      positions += read->position.empty() ? 0 : 1;
    } else if (name == "SetPresetResponse.xml" || name == "set_ptz_preset.xml") {
      CHECK(read_set_preset(text, quirks));
    }
  }
  CHECK(presets > 0);
  CHECK(positions > 0);
}

#include "apps/serve/live/live_viewer.h"

#include <doctest/doctest.h>

namespace camctl::apps::serve {
namespace {

using namespace std::chrono_literals;
using Clock = LiveViewer::Clock;

LiveInitPtr init(std::uint32_t version) {
  return std::make_shared<const LiveInit>(LiveInit{version, make_body("init" + std::to_string(version))});
}

LiveChunkPtr chunk(const LiveInitPtr& of, bool key, const std::string& text) {
  return std::make_shared<const LiveChunk>(LiveChunk{of, make_body(text), key});
}

std::string text_of(const hls::BodyPtr& body) {
  std::string text;
  for (const auto& piece : body->pieces) text.append(piece.begin(), piece.end());
  return text;
}

std::vector<std::string> drain(LiveViewer& viewer) {
  std::vector<std::string> all;
  while (const auto body = viewer.next()) all.push_back(text_of(body));
  return all;
}

struct Opened {
  Opened() {
    viewer.on_open([this] { ++wakes; }, [this](CloseCode code, const std::string&) { closed = code; });
  }
  int starts = 0, ends = 0, wakes = 0;
  std::optional<CloseCode> closed;
  LiveViewer viewer{[this] { ++starts; }, [this] { ++ends; }};
};

using Texts = std::vector<std::string>;
using Chunks = std::vector<LiveChunkPtr>;
constexpr Clock::time_point kNow{};

TEST_CASE("live viewer: starts at a key frame, behind its init; a new init comes before its media") {
  Opened opened;
  auto& viewer = opened.viewer;
  CHECK(opened.starts == 1);
  const auto first = init(1), second = init(2);
  viewer.deliver(Chunks{chunk(first, false, "a")}, kNow);
  CHECK(drain(viewer).empty());
  viewer.deliver(Chunks{chunk(first, true, "K"), chunk(first, false, "b")}, kNow);
  CHECK(opened.wakes == 2);
  CHECK(drain(viewer) == Texts{"init1", "K", "b"});
  viewer.deliver(Chunks{chunk(first, false, "c"), chunk(second, true, "L")}, kNow);
  CHECK(drain(viewer) == Texts{"c", "init2", "L"});
  viewer.finish(CloseCode::kRestart, "");
  CHECK(opened.closed == CloseCode::kRestart);
  viewer.on_end();
  CHECK(opened.ends == 1);
  viewer.deliver(Chunks{chunk(first, true, "K")}, kNow);  // comes late: nobody is there
  CHECK(drain(viewer).empty());
}

TEST_CASE("live viewer: one that is too far behind goes on at the newest key frame") {
  Opened opened;
  auto& viewer = opened.viewer;
  const auto only = init(1);
  viewer.deliver(Chunks{chunk(only, true, "K1"), chunk(only, false, "a")}, kNow);
  viewer.deliver(Chunks{chunk(only, true, "K2"), chunk(only, false, "b")}, kNow + 1s);
  viewer.deliver(Chunks{chunk(only, false, "c")}, kNow + 2s);
  CHECK(drain(viewer).size() == 6);  // with the init: nothing is lost yet

  viewer.deliver(Chunks{chunk(only, true, "K3"), chunk(only, false, "d")}, kNow + 10s);
  viewer.deliver(Chunks{chunk(only, true, "K4"), chunk(only, false, "e")}, kNow + 11s);
  viewer.deliver(Chunks{chunk(only, false, "f")}, kNow + 12s + 1ms);
  CHECK(drain(viewer) == Texts{"K4", "e", "f"});

  // No newer key frame is there: it waits for one.
  viewer.deliver(Chunks{chunk(only, true, "K5"), chunk(only, false, "g")}, kNow + 20s);
  viewer.deliver(Chunks{chunk(only, false, "h")}, kNow + 23s);
  viewer.deliver(Chunks{chunk(only, false, "i")}, kNow + 24s);
  CHECK(drain(viewer).empty());
  viewer.deliver(Chunks{chunk(only, true, "K6")}, kNow + 25s);
  CHECK(drain(viewer) == Texts{"K6"});

  // And by bytes.
  const std::string large(LiveViewer::kMaxQueued / 4, 'x');
  for (int i = 0; i < 5; ++i) viewer.deliver(Chunks{chunk(only, i == 0, large)}, kNow + 30s);
  CHECK(drain(viewer).empty());
}

}  // namespace
}  // namespace camctl::apps::serve

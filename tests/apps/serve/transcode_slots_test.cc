#include "apps/serve/tiers/transcode_slots.h"

#include <doctest/doctest.h>

namespace camctl::apps::serve {
namespace {

struct NoSource final : media::Source {
  void start(EventLoop&, media::SourceSink&) override {}
  void stop() override {}
};

TEST_CASE("slots are taken up to the limit, and come back") {
  const auto slots = std::make_shared<TranscodeSlots>(1);
  auto first = slots->take();
  REQUIRE(first);
  const auto second = slots->take();
  REQUIRE(!second);
  CHECK(second.error().code == ErrorCode::kLimit);
  CHECK(second.error().message == "this server already transcodes as many streams as it may (1)");
  first->reset();
  CHECK(slots->take());
  CHECK(slots->taken() == 0);
  slots->set_limit(0);
  CHECK(!slots->take());
}

TEST_CASE("cameras that are transcoded anyway count, and are never refused") {
  const auto slots = std::make_shared<TranscodeSlots>(1);
  const auto factory = slots->counted([] { return std::make_unique<NoSource>(); });
  const auto one = factory();
  {
    const auto two = factory();
    CHECK(slots->taken() == 2);
  }
  CHECK(!slots->take());
  one->stop();
  CHECK(slots->taken() == 0);
}

}  // namespace
}  // namespace camctl::apps::serve

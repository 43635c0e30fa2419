#include "apps/media/source_gate.h"

#include <doctest/doctest.h>

#include <vector>

namespace camctl::apps {
namespace {

using namespace std::chrono_literals;
using Clock = SourceGate::Clock;

constexpr Clock::time_point kStart{1h};

Credentials user(const char* name) { return {name, Secret("password")}; }

TEST_CASE("source gate: connects are spread, those to one host more") {
  const auto gate = std::make_shared<SourceGate>(100);
  std::vector<std::shared_ptr<void>> seats;
  const auto at = [&](const char* host) {
    auto verdict = gate->ask(host, 0, kStart);
    REQUIRE(verdict);
    REQUIRE(verdict->seat);
    seats.push_back(verdict->seat);
    return verdict->at - kStart;
  };
  CHECK(at("a") == 0ms);
  CHECK(at("b") == SourceGate::kSpacing);
  CHECK(at("c") == 2 * SourceGate::kSpacing);
  CHECK(at("a") == SourceGate::kHostSpacing);
  CHECK(at("a") == 2 * SourceGate::kHostSpacing);
}

TEST_CASE("source gate: a host has so many sessions; one that ends makes room") {
  const auto gate = std::make_shared<SourceGate>(2);
  auto first = gate->ask("a", 0, kStart);
  const auto second = gate->ask("a", 0, kStart);
  CHECK(gate->ask("a", 0, kStart).error().code == ErrorCode::kLimit);
  CHECK(gate->ask("b", 0, kStart));
  first->seat.reset();
  CHECK(gate->ask("a", 0, kStart));
}

TEST_CASE("source gate: the first of an account tries, the others wait for its answer") {
  const auto gate = std::make_shared<SourceGate>(100);
  const auto account = SourceGate::account_of("a", user("admin"));
  CHECK(account != SourceGate::account_of("b", user("admin")));
  CHECK(account != SourceGate::account_of("a", user("viewer")));
  CHECK(account != SourceGate::account_of("a", {"admin", Secret("other")}));
  CHECK(SourceGate::account_of("a", {}) == 0);

  const auto first = gate->ask("a", account, kStart);
  REQUIRE(first->seat);
  CHECK_FALSE(gate->ask("a", account, kStart + 1ms)->seat);
  CHECK(gate->ask("a", 0, kStart + 1ms)->seat);  // others are not held up
  SUBCASE("accepted: all may come") {
    gate->accepted(account);
    for (int i = 0; i < 10; ++i) CHECK(gate->ask("a", account, kStart + 2ms)->seat);
  }
  SUBCASE("no answer: the next one tries") {
    const auto later = kStart + SourceGate::kFirstAnswer;
    CHECK(gate->ask("a", account, later)->seat);
    CHECK_FALSE(gate->ask("a", account, later + 1ms)->seat);
  }
  SUBCASE("refused: nobody tries until the time has passed, which doubles") {
    auto now = kStart;
    for (const auto wait : {5min, 10min, 20min, 40min, 60min, 60min}) {
      gate->refused(account, now);
      gate->refused(account, now + 1ms);  // one that had begun together
      CHECK(gate->ask("a", account, now + wait - 1s).error().code == ErrorCode::kAuth);
      now += wait;
      CHECK(gate->ask("a", account, now)->seat);
      CHECK_FALSE(gate->ask("a", account, now + 1ms)->seat);  // one tries
    }
    gate->accepted(account);
    gate->refused(account, now);
    CHECK(gate->ask("a", account, now + 5min)->seat);  // it starts over
  }
}

// Ends as it is told.
class EndingSource final : public media::Source {
 public:
  explicit EndingSource(ErrorCode code) : code_(code) {}
  void start(EventLoop&, media::SourceSink& sink) override { sink.on_end(fail(code_, "the end")); }
  void stop() override {}

 private:
  ErrorCode code_;
};

struct EndSink final : media::SourceSink {
  explicit EndSink(EventLoop& l) : loop(l) {}
  void on_stream(media::StreamInfoPtr) override {}
  void on_access_unit(media::AccessUnit) override {}
  void on_end(Result<void> reason) override {
    end = std::move(reason);
    loop.stop();
  }
  EventLoop& loop;
  Result<void> end;
};

TEST_CASE("source gate: one camera's refusal keeps the others of the host from trying") {
  const auto gate = std::make_shared<SourceGate>(100);
  int attempts = 0;
  const auto factory = gate->guard(
      [&]() -> std::unique_ptr<media::Source> {
        ++attempts;
        return std::make_unique<EndingSource>(ErrorCode::kAuth);
      },
      "a", user("admin"));
  for (const auto* expected :
       {"the end", "a has refused these credentials", "a has refused these credentials"}) {
    EventLoop loop;
    EndSink sink(loop);
    const auto source = factory();
    loop.post([&] { source->start(loop, sink); });
    loop.run();
    REQUIRE_FALSE(sink.end);
    CHECK(sink.end.error().code == ErrorCode::kAuth);
    CHECK(sink.end.error().message == expected);
    source->stop();
  }
  CHECK(attempts == 1);
}

}  // namespace
}  // namespace camctl::apps

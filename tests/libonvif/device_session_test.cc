// What happens to a session that lasts.
#include "libonvif/device_session.h"

#include "tests/libonvif/session_bench.h"

using namespace camctl;
using namespace camctl::onvif;
using namespace std::chrono_literals;

namespace {

bool asks(SessionBench& bench) {
  return bench.session.ask(bench.session.url(), get_device_information(), read_device_information)
      .has_value();
}

}  // namespace

TEST_CASE("a clock that is set while a session lasts costs one token") {
  SessionBench bench(test_device(VirtualAuth::kWsse), {"admin", Secret("s3cret")});
  REQUIRE(asks(bench));
  const auto before = bench.session.clock_offset();
  const int logins = bench.logins;
  bench.elapsed += 2h;  // somebody sets it; ours stands still here
  CHECK(asks(bench));
  CHECK(bench.logins == logins + 2);
  CHECK(std::chrono::abs(bench.session.clock_offset() - before - 2h) < 2s);
  CHECK(asks(bench));
  CHECK(bench.logins == logins + 3);
  CHECK_FALSE(bench.session.refused());
  CHECK_FALSE(bench.session.all_quirks().contains(59));
}

TEST_CASE("a password that is changed while a session lasts is refused, and few more are sent") {
  SessionBench bench(test_device(VirtualAuth::kWsse), {"admin", Secret("s3cret")});
  REQUIRE(asks(bench));
  const int logins = bench.logins;
  bench.refuse_all = true;
  for (int i = 0; i < 10; ++i) CHECK_FALSE(asks(bench));
  CHECK(bench.logins - logins <= SoapClient::kMaxRefusals);
}

#include "apps/simulate/options.h"

#include <doctest/doctest.h>

using namespace camctl;
using namespace camctl::simulate;
using namespace std::chrono_literals;

namespace {

Options parsed(const std::string& line) {
  CLI::App app;
  Options options;
  add_options(app, options);
  app.parse(line);
  return options;
}

}  // namespace

TEST_CASE("options: defaults are the original cameras") {
  const auto options = parsed("");
  CHECK(options.count == 1);
  CHECK(options.address == "127.0.0.2");
  CHECK(options.onvif_port == 8000);
  CHECK(options.rtsp_port == 5543);
  CHECK(options.auth.empty());
  CHECK(options.video == media::Codec::kH264);
  CHECK(options.audio == media::Codec::kAac);
  CHECK(options.discovery);
  CHECK(options.quirks.empty());
  CHECK(options.faults.drop_every == 0ms);
}

TEST_CASE("options: lists") {
  const auto options =
      parsed("--auth wsse,digest,both --digest-algorithm md5,sha-256,both --auth none --count 4");
  CHECK(options.auth.size() == 4);  // a repeated option goes on with the list
  CHECK(options.digest.size() == 3);
  CHECK(options.digest[2] == std::vector{DigestAlgorithm::kMd5, DigestAlgorithm::kSha256});
  CHECK(options.count == 4);
}

TEST_CASE("options: offsets have a sign") {
  CHECK(parsed("--clock-skew 90").clock_skew == 90s);
  CHECK(parsed("--clock-skew -2h").clock_skew == -7200s);
  CHECK(parsed("--clock-skew=+1.5m").clock_skew == 90s);
  CHECK(parsed("--timestamp-jump 10s --timestamp-jump-by -5s").faults.jump_by == -5s);
  CHECK(parsed("--timestamp-jump 10s").faults.jump_every == 10s);
}

TEST_CASE("options: malformed, all or some") {
  CHECK(parsed("--malformed").quirks == onvif::malformed_quirks());
  CHECK(parsed("--malformed --nat").quirks == onvif::malformed_quirks());
  CHECK(parsed("--malformed --nat").nat);
  CHECK(parsed("--malformed=35,37").quirks == std::set{35, 37});
  CHECK(parsed("--malformed 26 --count 2").quirks == std::set{26});
}

TEST_CASE("options: codecs and faults") {
  const auto options =
      parsed("--codec h265 --audio g711 --drop-every 5 --stall-every 1m --stall-for 2s --loss 0.5");
  CHECK(options.video == media::Codec::kH265);
  CHECK(options.audio == media::Codec::kPcma);
  CHECK(options.faults.drop_every == 5s);
  CHECK(options.faults.stall_every == 60s);
  CHECK(options.faults.stall_for == 2s);
  CHECK(options.faults.loss_percent == doctest::Approx(0.5));
  CHECK(parsed("--audio none").audio == media::Codec::kUnknown);
}

TEST_CASE("options: what is refused") {
  for (const char* line :
       {"--count 0", "--count x", "--auth basic", "--auth wsse,nix", "--codec vp9", "--digest-algorithm sha1",
        "--malformed=99", "--malformed=35,x", "--clock-skew soon", "--clock-skew --nat", "--loss 101",
        "--loss -1", "--onvif-port 0", "--rtsp-port 65536", "--drop-every -1", "--video /nowhere"}) {
    CAPTURE(line);
    CHECK_THROWS_AS(parsed(line), CLI::ParseError);
  }
}

TEST_CASE("options: a model brings its quirks") {
  const auto options = parsed("--model reolink --quirk 7");
  REQUIRE(options.model);
  CHECK(options.model->name == "reolink");
  CHECK(options.quirks.contains(7));
  CHECK(options.quirks.contains(84));
  CHECK_THROWS(parsed("--model nobody"));
}

#include "libhls/encoder_choice.h"

#include <doctest/doctest.h>

namespace camctl::hls {
namespace {

TEST_CASE("an encoder that is named is taken or refused") {
  const auto software = choose_encoder("libx264");
  REQUIRE(software);
  CHECK(software->name == kSoftwareEncoder);
  const auto none = choose_encoder("h264_nowhere");
  REQUIRE(!none);
  CHECK(none.error().code == ErrorCode::kUnsupported);
  CHECK(none.error().message == "transcoding by h264_nowhere: this libavcodec lacks it");
}

}  // namespace
}  // namespace camctl::hls

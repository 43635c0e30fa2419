#include "libonvif/media_profiles.h"

#include <doctest/doctest.h>

using namespace camctl::onvif;

namespace {
MediaProfile profile(const char* token, const char* codec, unsigned width = 0) {
  MediaProfile p;
  p.token = token;
  p.has_video = *codec != '\0';
  p.video_codec = codec;
  p.width = width;
  return p;
}
}  // namespace

TEST_CASE("Media 2 knows the codec, Media 1 fills the gaps (quirk 68)") {
  auto second = profile("a", "h265");
  auto first = profile("a", "h264", 1920);
  first.name = "main";
  first.ptz = true;
  Quirks quirks;
  auto other = profile("b", "h264");
  other.name = "sub";
  const auto merged = merge_profiles({second}, {first, other}, quirks);
  REQUIRE(merged.size() == 2);
  CHECK(merged[0].in_media1);
  CHECK(merged[0].in_media2);
  CHECK(merged[0].profile.video_codec == "h265");
  CHECK(merged[0].profile.width == 1920);
  CHECK(merged[0].profile.name == "main");
  CHECK(merged[0].profile.ptz);
  CHECK(merged[1].in_media1);
  CHECK_FALSE(merged[1].in_media2);
  CHECK(quirks == Quirks{68});
}

TEST_CASE("a token is one profile, however often it comes (quirk 84)") {
  Quirks quirks;
  const auto merged =
      merge_profiles({}, {profile("0", "h264"), profile("0", "jpeg"), profile("", "h264")}, quirks);
  CHECK(merged.size() == 2);
  CHECK(quirks == Quirks{84});
  CHECK(merge_profiles({}, {}, quirks).empty());
}

TEST_CASE("video sources are those of Media 1 (quirk 72), encoders may be told by Media 2 only (quirk 68)") {
  auto second = profile("a", "h264"), first = profile("a", "");
  second.source_token = "configuration";
  first.source_token = "source";
  second.name = "main";
  Quirks quirks;
  const auto merged = merge_profiles({second}, {first}, quirks);
  REQUIRE(merged.size() == 1);
  CHECK(merged[0].profile.source_token == "source");
  CHECK(merged[0].profile.has_video);
  CHECK(quirks == Quirks{68, 72});
}

TEST_CASE("a nameless profile is called by its token") {
  const Profile shown = describe(profile("tok", "h264", 640));
  CHECK(shown.name == "tok");
  REQUIRE(shown.video);
  CHECK(shown.video->width == 640);
  CHECK_FALSE(shown.audio);
  CHECK_FALSE(describe(profile("x", "")).video);
}

#include "apps/serve/hls_query.h"

#include <doctest/doctest.h>

namespace camctl::apps::serve {
namespace {

TEST_CASE("delivery directives") {
  struct Case {
    const char* query;
    std::optional<std::uint64_t> msn, part;
    bool skip;
  };
  for (const auto& c : {
           Case{"", {}, {}, false},
           Case{"_HLS_msn=7", 7, {}, false},
           Case{"_HLS_msn=7&_HLS_part=0", 7, 0, false},
           Case{"_HLS_part=3&x=1&_HLS_skip=YES&_HLS_msn=18446744073709551615", ~0ull, 3, true},
           Case{"_HLS_skip=v2", {}, {}, true},
           Case{"_HLS_skip=no&_HLS_push=1&&=&a", {}, {}, false},
           Case{"_HLS_msnx=1", {}, {}, false},
       }) {
    CAPTURE(c.query);
    const auto got = parse_reload_query(c.query);
    REQUIRE(got);
    CHECK(got->msn == c.msn);
    CHECK(got->part == c.part);
    CHECK(got->skip == c.skip);
  }
  for (const auto* bad : {"_HLS_part=0", "_HLS_msn=", "_HLS_msn", "_HLS_msn=-1", "_HLS_msn=1x", "_HLS_msn=+1",
                          "_HLS_msn=18446744073709551616", "_HLS_msn=1&_HLS_msn=1",
                          "_HLS_msn=1&_HLS_part=", "_HLS_msn=1&_HLS_part=0x1"}) {
    CAPTURE(bad);
    CHECK(parse_reload_query(bad).error().code == ErrorCode::kUsage);
  }
}

TEST_CASE("folders of playlists") {
  for (const auto* good : {"main", "main-1", "sub", "sub2-7"})
    CHECK(to_string(*parse_playlist_folder(good)) == good);
  CHECK(parse_playlist_folder("main")->epoch == 0);
  CHECK(parse_playlist_folder("main-1")->rendition == "main");
  CHECK(parse_playlist_folder("main-1")->epoch == 1);
  for (const auto* bad :
       {"", "-1", "main-", "main-0", "main-01", "main-8", "main-1x", "main-18446744073709551616"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_playlist_folder(bad));
  }
}

}  // namespace
}  // namespace camctl::apps::serve

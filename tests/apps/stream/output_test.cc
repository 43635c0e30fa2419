#include "apps/stream/output.h"

#include <doctest/doctest.h>

namespace camctl::apps {
namespace {

using Kind = Target::Kind;

TEST_CASE("output: what -o and --format mean together") {
  struct Case {
    const char* output;
    const char* format;
    Kind kind;
    StreamFormat wanted;
  };
  constexpr Case kCases[] = {
      {"out", "", Kind::kFolder, StreamFormat::kHls},
      {"out/", "", Kind::kFolder, StreamFormat::kHls},
      {"out.d", "hls", Kind::kFolder, StreamFormat::kHls},
      {"/tmp", "ts", Kind::kFolder, StreamFormat::kHls},
      {"/tmp", "fmp4", Kind::kFolder, StreamFormat::kHlsFmp4},
      {"new/", "fmp4", Kind::kFolder, StreamFormat::kHlsFmp4},
      {"a.ts", "", Kind::kFile, StreamFormat::kTs},
      {"a.mp4", "", Kind::kFile, StreamFormat::kFmp4},
      {"a.bin", "ts", Kind::kFile, StreamFormat::kTs},
      {"a.bin", "fmp4", Kind::kFile, StreamFormat::kFmp4},
      {"a.mp4", "ts", Kind::kFile, StreamFormat::kTs},
      {"-", "", Kind::kStdout, StreamFormat::kTs},
      {"-", "fmp4", Kind::kStdout, StreamFormat::kFmp4},
  };
  for (const auto& c : kCases) {
    CAPTURE(std::string(c.output));
    CAPTURE(std::string(c.format));
    const auto target = parse_target(c.output, c.format);
    REQUIRE(target);
    CHECK(target->kind == c.kind);
    CHECK(target->format == c.wanted);
  }
}

TEST_CASE("output: what does not fit together is wrong usage") {
  for (const auto& [output, format] : {std::pair{"", ""}, {"-", "hls"}, {"a.doc", ""}}) {
    const auto target = parse_target(output, format);
    REQUIRE_FALSE(target);
    CHECK(target.error().code == ErrorCode::kUsage);
    CHECK_FALSE(target.error().hint.empty());
  }
}

}  // namespace
}  // namespace camctl::apps

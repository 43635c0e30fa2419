#include "apps/stream/output.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

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

TEST_CASE("output: an attempt in vain leaves files and folders as they were") {
  std::string pattern = "/tmp/camctl-test-XXXXXX";
  const std::filesystem::path folder = mkdtemp(pattern.data());
  std::ofstream(folder / "old.ts") << "a recording";
  std::ofstream(folder / "playlist7.ts") << "of an earlier run";
  for (const char* name : {"old.ts", "new.ts", "new.mp4", "new/hls/", ""}) {
    CAPTURE(std::string(name));
    const auto target = parse_target((folder / name).string(), "");
    REQUIRE(target);
    CHECK(open_output(*target));  // and closed again without a segment
  }
  std::ifstream old(folder / "old.ts");
  CHECK(std::string(std::istreambuf_iterator<char>(old), {}) == "a recording");
  CHECK(std::filesystem::exists(folder / "playlist7.ts"));
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 2);
  std::filesystem::remove_all(folder);
}

TEST_CASE("output: what cannot be made is known before anything is received") {
  for (const char* path : {"/nonexist/a.ts", "/proc/version/x.ts", "/proc/version/hls/"}) {
    CAPTURE(std::string(path));
    const auto target = parse_target(path, "");
    REQUIRE(target);
    const auto output = open_output(*target);
    REQUIRE_FALSE(output);
    CHECK(output.error().code == ErrorCode::kIo);
  }
}

}  // namespace
}  // namespace camctl::apps

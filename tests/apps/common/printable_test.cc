#include <doctest/doctest.h>

#include <vector>

#include "apps/common/app.h"

using namespace camctl::apps;

TEST_CASE("text of devices does a terminal no harm") {
  const std::string bad = "\xEF\xBF\xBD";
  for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
           {"Front door", "Front door"},
           {"Größe 摄像头 📷", "Größe 摄像头 📷"},
           {"a\nb\tc", "a" + bad + "b" + bad + "c"},
           {"\x1b[31mred", bad + "[31mred"},
           {std::string("a\0b", 3), "a" + bad + "b"},
           {"\x7f", bad},
           {"\xc2\x9b"
            "31m",
            bad + "31m"},  // CSI as a C1 control
           {"\xe2\x80\xae"
            "gnp.exe",
            bad + "gnp.exe"},  // right-to-left override
           {"\xff\xfe", bad + bad},
           {"\xc3", bad},
           {"\xc0\xaf", bad + bad},                      // overlong
           {"\xed\xa0\x80", bad + bad + bad},            // a surrogate
           {"\xf4\x90\x80\x80", bad + bad + bad + bad},  // beyond U+10FFFF
           {"", ""}}) {
    CAPTURE(text);
    CHECK(printable(text) == expected);
  }
}

TEST_CASE("JSON of bytes that are no text never throws") {
  CHECK(dump({{"name", "a\xff"}}) == "{\"name\":\"a\xEF\xBF\xBD\"}");
  CHECK(dump(nlohmann::ordered_json::array({1, 2}), 2) == "[\n  1,\n  2\n]");
}

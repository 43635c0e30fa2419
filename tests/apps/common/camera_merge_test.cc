#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "apps/common/camera.h"

using namespace camctl;
using namespace camctl::apps;

namespace {

struct Shape {
  const char *id = "", *ip = "", *endpoint = "", *serial = "", *mac = "", *rtsp = "", *name = "";
};

Camera camera(const Shape& shape) {
  Camera result;
  result.id = shape.id;
  result.ip = shape.ip;
  result.port = 80;
  result.endpoint = shape.endpoint;
  result.serial = shape.serial;
  result.mac = shape.mac;
  result.rtsp_url = shape.rtsp;
  result.name = shape.name;
  return result;
}

// "id@ip" of each, in order.
std::string merged(const std::vector<Shape>& known, const std::vector<Shape>& found, bool prune = false) {
  std::vector<Camera> a, b;
  for (const Shape& shape : known) a.push_back(camera(shape));
  for (const Shape& shape : found) b.push_back(camera(shape));
  std::string text;
  for (const Camera& c : merge_cameras(a, b, prune)) text += (text.empty() ? "" : " ") + c.id + "@" + c.ip;
  return text;
}

}  // namespace

TEST_CASE("which found camera is which known one") {
  struct Case {
    const char* name;
    std::vector<Shape> known, found;
    const char* expected;
  };
  const std::vector<Case> cases = {
      {"the first time", {}, {{.ip = "1"}, {.ip = "2"}}, "stream_0@1 stream_1@2"},
      {"nothing found", {{.id = "a", .ip = "1"}}, {}, "a@1"},
      {"the same again", {{.id = "a", .ip = "1", .endpoint = "e"}}, {{.ip = "1", .endpoint = "e"}}, "a@1"},
      {"in another order",
       {{.id = "a", .ip = "1"}, {.id = "b", .ip = "2"}},
       {{.ip = "2"}, {.ip = "1"}},
       "a@1 b@2"},
      {"another address, by endpoint",
       {{.id = "a", .ip = "1", .endpoint = "e"}},
       {{.ip = "9", .endpoint = "e"}},
       "a@9"},
      {"another address, by serial",
       {{.id = "a", .ip = "1", .serial = "s"}},
       {{.ip = "9", .serial = "s"}},
       "a@9"},
      {"another address, by MAC", {{.id = "a", .ip = "1", .mac = "m"}}, {{.ip = "9", .mac = "m"}}, "a@9"},
      {"quirk 18: two devices with one endpoint",
       {{.id = "a", .ip = "1", .endpoint = "e"}},
       {{.ip = "1", .endpoint = "e"}, {.ip = "2", .endpoint = "e"}},
       "a@1 stream_0@2"},
      {"quirk 18: both moved, nobody can tell which is which",
       {{.id = "a", .ip = "1", .endpoint = "e"}, {.id = "b", .ip = "2", .endpoint = "e"}},
       {{.ip = "8", .endpoint = "e"}, {.ip = "9", .endpoint = "e"}},
       "a@1 b@2 stream_0@8 stream_1@9"},
      {"quirk 18: a serial number shared by two",
       {{.id = "a", .ip = "1", .serial = "s", .mac = "m1"},
        {.id = "b", .ip = "2", .serial = "s", .mac = "m2"}},
       {{.ip = "8", .serial = "s", .mac = "m2"}, {.ip = "9", .serial = "s", .mac = "m1"}},
       "a@9 b@8"},
      {"quirk 19: a new endpoint at each start",
       {{.id = "a", .ip = "1", .endpoint = "e1"}},
       {{.ip = "1", .endpoint = "e2"}},
       "a@1"},
      {"another camera took the address",
       {{.id = "a", .ip = "1", .serial = "s1", .mac = "m1"}},
       {{.ip = "1", .serial = "s2", .mac = "m2"}},
       "a@1 stream_0@1"},
      {"two that swapped addresses",
       {{.id = "a", .ip = "1", .mac = "m1"}, {.id = "b", .ip = "2", .mac = "m2"}},
       {{.ip = "2", .mac = "m1"}, {.ip = "1", .mac = "m2"}},
       "a@2 b@1"},
      {"a recorder's channels at one address",
       {{.id = "a", .ip = "1", .rtsp = "r1"}, {.id = "b", .ip = "1", .rtsp = "r2"}},
       {{.ip = "1", .rtsp = "r2"}, {.ip = "1", .rtsp = "r1"}, {.ip = "1", .rtsp = "r3"}},
       "a@1 b@1 stream_0@1"},
      {"free numbers are used",
       {{.id = "stream_1", .ip = "1"}},
       {{.ip = "2"}, {.ip = "3"}},
       "stream_1@1 stream_0@2 stream_2@3"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(merged(c.known, c.found) == c.expected);
  }
}

TEST_CASE("pruning drops what was not found") {
  CHECK(merged({{.id = "a", .ip = "1"}, {.id = "b", .ip = "2"}}, {{.ip = "2"}, {.ip = "3"}}, true) ==
        "b@2 stream_0@3");
  CHECK(merged({{.id = "a", .ip = "1"}}, {}, true).empty());
}

TEST_CASE("id and name stay, the rest is brought up to date") {
  Camera known = camera({.id = "door", .ip = "1", .endpoint = "e", .name = "Front door"});
  known.hls_url = "/hls/door/playlist.m3u8";
  known.firmware = "1";
  known.model = "M";
  known.credentials = {"u", Secret("p")};
  known.extra = {{"zone", "north"}, {"seen", 1}};
  Camera found = camera({.id = "stream_7", .ip = "2", .endpoint = "e", .name = "IPC"});
  found.firmware = "2";
  found.extra = {{"seen", 2}};
  found.profiles.resize(2);
  const auto result = merge_cameras({known}, {found}, false);
  REQUIRE(result.size() == 1);
  CHECK(result[0].id == "door");
  CHECK(result[0].name == "Front door");
  CHECK(result[0].hls_url == "/hls/door/playlist.m3u8");
  CHECK(result[0].ip == "2");
  CHECK(result[0].firmware == "2");
  CHECK(result[0].model == "M");
  CHECK(result[0].credentials == known.credentials);
  CHECK(result[0].profiles.size() == 2);
  CHECK(result[0].extra == nlohmann::json{{"zone", "north"}, {"seen", 2}});
}

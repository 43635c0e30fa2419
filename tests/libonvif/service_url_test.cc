#include "libonvif/service_url.h"

#include <doctest/doctest.h>

using namespace camctl;
using namespace camctl::onvif;

TEST_CASE("service addresses") {
  struct Case {
    const char *reported, *url;
    std::set<int> quirks;
  };
  for (const Case& c :
       {Case{"http://1.2.3.4/onvif/device_service", "http://1.2.3.4/onvif/device_service", {}},
        Case{" \n http://1.2.3.4:8000/x\r\n", "http://1.2.3.4:8000/x", {}},
        Case{"http://1.2.3.4:8106:8106/x", "http://1.2.3.4:8106/x", {67}},
        Case{"http://1.2.3.4:80:80", "http://1.2.3.4:80", {67}},
        Case{"http://1.2.3.4:1000", "http://1.2.3.4:1000", {}},
        Case{"https://user:pw@h/x", "https://h/x", {}},
        Case{"http://[fe80::1]:80/x", "http://[fe80::1]:80/x", {}}}) {
    CAPTURE(c.reported);
    Quirks quirks;
    const auto url = parse_service_url(c.reported, quirks);
    REQUIRE(url);
    CHECK(url->to_string() == c.url);
    CHECK(url->credentials.empty());
    CHECK(quirks == c.quirks);
  }
  Quirks quirks;
  for (const char* bad : {"", "x", "rtsp://1.2.3.4/", "file:///etc/passwd", "http://", "http:///x",
                          "http://h:99999/", "http://a b/", "http://h:1:2:3/", "http://::1/"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_service_url(bad, quirks));
  }
}

TEST_CASE("services move to the host that we reached") {
  const auto reached = *Url::parse("http://203.0.113.5:8000/onvif/device_service");
  const std::string media(kMediaNs), events(kEventsNs);
  Quirks quirks;
  auto usable = usable_services({{media, "http://192.168.1.9:8000/m"},
                                 {events, "http://0.0.0.0:8001/e"},
                                 {"http://vendor.example/ns", "http://192.168.1.9/v"},
                                 {media, "gopher://x/"}},
                                reached, quirks);
  REQUIRE(usable.size() == 2);
  CHECK(usable[0].url.to_string() == "http://203.0.113.5:8000/m");
  CHECK(usable[1].url.to_string() == "http://203.0.113.5:8001/e");
  CHECK(quirks == Quirks{12, 64});
  // The port that we use is named nowhere: a port of the router's (quirk 67).
  quirks.clear();
  usable = usable_services({{media, "https://192.168.1.9/m"}}, reached, quirks);
  REQUIRE(usable.size() == 1);
  CHECK(usable[0].url.to_string() == "http://203.0.113.5:8000/m");
  CHECK(quirks == Quirks{12, 67});
  // No path: onvif_srvd (quirk 66).
  quirks.clear();
  usable = usable_services({{media, "http://203.0.113.5:8000"}}, reached, quirks);
  CHECK(usable.at(0).url.to_string() == "http://203.0.113.5:8000");
  CHECK(quirks == Quirks{66});
  // One port, one scheme (quirk 67).
  quirks.clear();
  usable = usable_services({{media, "https://203.0.113.5:8000/m"}}, reached, quirks);
  CHECK(usable.at(0).url.to_string() == "http://203.0.113.5:8000/m");
  CHECK(quirks == Quirks{67});
}

TEST_CASE("stream URIs keep every byte that matters") {
  struct Case {
    const char *reported, *url, *original;
    std::set<int> quirks;
  };
  for (const Case& c : {Case{"rtsp://10.0.0.5:554/live", "rtsp://10.0.0.5:554/live", "", {}},
                        Case{"rtsp://10.0.0.5", "rtsp://10.0.0.5", "", {}},
                        Case{"rtsp://10.0.0.5:554/", "rtsp://10.0.0.5:554/", "", {}},
                        Case{"\n  rtsp://10.0.0.5/a\r\n", "rtsp://10.0.0.5/a", "", {}},
                        Case{"rtsp://192.168.0.9:554/a?b=1&c=%2F",
                             "rtsp://10.0.0.5:554/a?b=1&c=%2F",
                             "rtsp://192.168.0.9:554/a?b=1&c=%2F",
                             {79}},
                        Case{"rtsp://0.0.0.0/a", "rtsp://10.0.0.5/a", "rtsp://0.0.0.0/a", {79}},
                        Case{"rtsp://camera.local/a", "rtsp://10.0.0.5/a", "rtsp://camera.local/a", {79}},
                        Case{"rtsp://[2001:db8::1]/a", "rtsp://10.0.0.5/a", "rtsp://[2001:db8::1]/a", {79}},
                        Case{"rtsp://[::]/a", "rtsp://10.0.0.5/a", "rtsp://[::]/a", {79}},
                        Case{"rtsp://10.0.0.5/a?b&amp;c", "rtsp://10.0.0.5/a?b&c", "", {77}},
                        Case{"rtsp://10.0.0.5/a b", "rtsp://10.0.0.5/a%20b", "", {}},
                        Case{"rtsp://u:p@10.0.0.5/a", "rtsp://10.0.0.5/a", "", {81}},
                        Case{"rtsp://u:p@1.1.1.1/a", "rtsp://10.0.0.5/a", "rtsp://1.1.1.1/a", {79, 81}},
                        Case{"rtsp://10.0.0.5/user=admin_password=_channel=1.sdp",
                             "rtsp://10.0.0.5/user=admin_password=_channel=1.sdp",
                             "",
                             {}},
                        Case{"http://10.0.0.5:85/snap.jpg", "http://10.0.0.5:85/snap.jpg", "", {}}}) {
    CAPTURE(c.reported);
    Quirks quirks;
    const auto url = usable_media_url(c.reported, "10.0.0.5", quirks);
    REQUIRE(url);
    CHECK(url->url == c.url);
    CHECK(url->original == c.original);
    CHECK(quirks == c.quirks);
  }
  Quirks quirks;
  for (const char* bad :
       {"", "rtsp://", "file:///dev/video0", "concat:a|b", "rtsp:///x", "javascript://x/"}) {
    CAPTURE(bad);
    const auto url = usable_media_url(bad, "10.0.0.5", quirks);
    REQUIRE_FALSE(url);
    CHECK(url.error().code == ErrorCode::kProtocol);
  }
}

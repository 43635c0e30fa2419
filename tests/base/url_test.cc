#include "base/url.h"

#include <doctest/doctest.h>

#include <string>

using namespace camctl;

TEST_CASE("URLs of cameras are read and shown without credentials, their targets byte-exact") {
  struct Row {
    const char* text;
    const char* user;
    const char* password;
    const char* host;
    int port;
    const char* target;
    const char* shown;
  };
  const Row rows[] = {
      {"rtsp://192.168.0.100:5543/live/channel0", "", "", "192.168.0.100", 5543, "/live/channel0",
       "rtsp://192.168.0.100:5543/live/channel0"},
      {"RTSP://Cam.LAN", "", "", "cam.lan", 554, "", "rtsp://cam.lan"},
      {"rtsp://cam:554/", "", "", "cam", 554, "/", "rtsp://cam:554/"},
      {"rtsp://admin:p%40ss@10.0.0.1/a?b=c:d@e", "admin", "p@ss", "10.0.0.1", 554, "/a?b=c:d@e",
       "rtsp://10.0.0.1/a?b=c:d@e"},
      {"rtsp://admin:p@ss:w@10.0.0.1/a", "admin", "p@ss:w", "10.0.0.1", 554, "/a", "rtsp://10.0.0.1/a"},
      {"rtsp://10.0.0.1/user=admin_password=_channel=1&stream=0.sdp?real_stream", "", "", "10.0.0.1", 554,
       "/user=admin_password=_channel=1&stream=0.sdp?real_stream",
       "rtsp://10.0.0.1/user=admin_password=_channel=1&stream=0.sdp?real_stream"},
      {"http://[fe80::1%25eth0]:8000/onvif", "", "", "fe80::1%25eth0", 8000, "/onvif",
       "http://[fe80::1%25eth0]:8000/onvif"},
      {"http://[::1]", "", "", "::1", 80, "", "http://[::1]"},
      {"https://cam:/x", "", "", "cam", 443, "/x", "https://cam/x"},
      {"http://cam?x=1", "", "", "cam", 80, "?x=1", "http://cam?x=1"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto url = Url::parse(row.text);
    REQUIRE(url);
    CHECK(url->credentials.user == row.user);
    CHECK(url->credentials.password.reveal() == row.password);
    CHECK(url->host == row.host);
    CHECK(url->effective_port() == row.port);
    CHECK(url->target == row.target);
    CHECK(url->to_string() == row.shown);
  }
}

TEST_CASE("what is no URL is refused with kUsage and without echoing a password") {
  const std::string too_long = "rtsp://h/" + std::string(5000, 'a');
  for (const std::string& text :
       {std::string(""), std::string("rtsp:/h"), std::string("//h/x"), std::string("rtsp://"),
        std::string("rtsp://u:secret@"), std::string("rtsp://u:secret@h:99999/"), std::string("rtsp://h:0"),
        std::string("rtsp://h:1x"), std::string("rtsp://[::1"), std::string("rtsp://[::1]x"),
        std::string("rtsp://[cam]/"), std::string("rtsp://h/a b"), std::string("rtsp://h/a\r\nX: y"),
        std::string("rtsp://h\0x", 10), std::string("-x://h"), std::string("rtsp://a,b/"), too_long}) {
    CAPTURE(text);
    const auto url = Url::parse(text);
    REQUIRE(!url);
    CHECK(url.error().code == ErrorCode::kUsage);
    CHECK(url.error().message.find("secret") == std::string::npos);
  }
}

TEST_CASE("authority leaves out the scheme's default port (quirk 43)") {
  CHECK(Url::parse("http://cam:80/")->authority() == "cam");
  CHECK(Url::parse("http://cam:8000/")->authority() == "cam:8000");
  CHECK(Url::parse("http://[::1]:8000/")->authority() == "[::1]:8000");
}

TEST_CASE("credentials are put in percent-encoded, so that any password survives the round trip") {
  const auto url = *Url::parse("rtsp://cam:554/live?x=1");
  const Credentials who{"ad:min", Secret("p@ss/w%rd:#?")};
  const auto back = Url::parse(url.with(who).reveal());
  REQUIRE(back);
  CHECK(back->credentials == who);
  CHECK(back->to_string() == url.to_string());
}

TEST_CASE("passwords inside foreign messages are struck out") {
  CHECK(redact_urls("open rtsp://u:pw@h/x failed") == "open rtsp://u:***@h/x failed");
  CHECK(redact_urls("a rtsp://u:p@w@h b http://x:y@z") == "a rtsp://u:***@h b http://x:***@z");
  CHECK(redact_urls("rtsp://u@h/ and mail a:b@c") == "rtsp://u@h/ and mail a:b@c");
  CHECK(redact_urls("no url") == "no url");
}

TEST_CASE("passwords of URLs are masked in place") {
  std::string text = "rtsp://u:pw@h/x --flag=http://x:yy@z u:p@q";
  mask_urls(text.data());
  CHECK(text == "rtsp://u:**@h/x --flag=http://x:**@z u:p@q");
  text = "rtsp://u@h/a:b@c";
  mask_urls(text.data());
  CHECK(text == "rtsp://u@h/a:b@c");
}

TEST_CASE("percent coding") {
  CHECK(percent_encode("a b/ü", "/") == "a%20b/%C3%BC");
  CHECK(percent_decode("%41%zz%4") == "A%zz%4");
}

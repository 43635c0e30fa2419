#include "apps/discover/targets.h"

#include <doctest/doctest.h>

using namespace camctl;
using namespace camctl::discover;
using nlohmann::json;

TEST_CASE("hosts and addresses as people write them") {
  struct Case {
    const char *text, *host, *xaddr, *ip;
  };
  for (const Case& c :
       {Case{"192.168.0.10", "192.168.0.10", "", "192.168.0.10"}, Case{" cam.local ", "cam.local", "", ""},
        Case{"192.168.0.10:8000", "", "http://192.168.0.10:8000/onvif/device_service", "192.168.0.10"},
        Case{"cam.local:8000", "", "http://cam.local:8000/onvif/device_service", ""},
        Case{"[fe80::1%eth0]:80", "", "http://[fe80::1%eth0]:80/onvif/device_service", "fe80::1%eth0"},
        Case{"2001:db8::1", "2001:db8::1", "", "2001:db8::1"},
        Case{"http://10.0.0.1/onvif/services", "", "http://10.0.0.1/onvif/services", "10.0.0.1"},
        Case{"https://10.0.0.1", "", "https://10.0.0.1", "10.0.0.1"},
        Case{"http://u:p@10.0.0.1:81/x", "", "http://10.0.0.1:81/x", "10.0.0.1"}}) {
    CAPTURE(c.text);
    const auto request = request_from_text(c.text);
    REQUIRE(request);
    CHECK(request->host == c.host);
    CHECK(request->target.ip == c.ip);
    CHECK(request->target.xaddrs ==
          (*c.xaddr ? std::vector<std::string>{c.xaddr} : std::vector<std::string>{}));
    CHECK(request->label.find("u:p") == std::string::npos);
  }
  CHECK(request_from_text("http://u:p@h/")->credentials.user == "u");
  for (const char* bad :
       {"", "rtsp://10.0.0.1/", "a b", "host:port", "host:99999", "http://", "?", "u:secret@:0"}) {
    CAPTURE(bad);
    const auto request = request_from_text(bad);
    REQUIRE_FALSE(request);
    CHECK(request.error().code == ErrorCode::kUsage);
  }
}

TEST_CASE("records of scan and entries of cameras.json") {
  const auto full =
      request_from_record(json::parse(R"({"ip":"10.0.0.5","port":8000,"xaddrs":["http://10.0.0.5:8000/a"],
      "endpoint":"urn:uuid:1","name":"n","mac":"m","services":["onvif","rtsp"],"unknown":{}})"));
  REQUIRE(full);
  CHECK(full->label == "10.0.0.5:8000");
  CHECK(full->target.xaddrs == std::vector<std::string>{"http://10.0.0.5:8000/a"});
  CHECK(full->target.endpoint == "urn:uuid:1");
  CHECK(full->target.name == "n");
  const auto bare = request_from_record(json::parse(R"({"ip":"fe80::1","port":80})"));
  REQUIRE(bare);
  CHECK(bare->target.xaddrs.at(0) == "http://[fe80::1]:80/onvif/device_service");
  const auto camera =
      request_from_record(json::parse(R"({"ip":"1.2.3.4","name":"mine","onvif_url":"http://1.2.3.4/d"})"));
  REQUIRE(camera);
  CHECK(camera->target.xaddrs.at(0) == "http://1.2.3.4/d");
  CHECK(camera->target.name.empty());
  CHECK(request_from_record(json::parse(R"({"ip":"1.2.3.4","services":["rtsp"],"port":554})")).error().code ==
        ErrorCode::kNotFound);
  CHECK(request_from_record(json::parse(R"({"ip":"1.2.3.4"})")).error().code == ErrorCode::kNotFound);
  for (const char* bad : {"[]", "1", "{}", R"({"ip":5})", R"({"ip":["1.2.3.4"],"xaddrs":"x"})"}) {
    CAPTURE(bad);
    CHECK(request_from_record(json::parse(bad)).error().code == ErrorCode::kConfig);
  }
  CHECK(request_from_record(json::parse(R"({"ip":"1.2.3.4","port":-1,"xaddrs":[1,"http://x/"]})"))
            ->target.xaddrs.size() == 1);
}

namespace {

struct Split {
  std::vector<std::string> records, words;
  Result<void> result;
};

// Feeds `text` in portions of `size`.
Split split(std::string_view text, std::size_t size) {
  Split s;
  RecordSplitter splitter(
      [&](const json& record) -> Result<void> {
        s.records.push_back(record.dump());
        return {};
      },
      [&](std::string_view word) -> Result<void> {
        s.words.emplace_back(word);
        return {};
      });
  for (std::size_t at = 0; at < text.size() && s.result; at += size)
    s.result = splitter.feed(text.substr(at, size));
  if (s.result) s.result = splitter.finish();
  return s;
}

}  // namespace

TEST_CASE("streams of records in every layout, in any portions") {
  struct Case {
    const char* text;
    std::vector<std::string> records, words;
  };
  for (const Case& c :
       {Case{"", {}, {}}, Case{"[]", {}, {}}, Case{" \n ", {}, {}},
        Case{"{\"a\":1}\n{\"b\":2}\n", {R"({"a":1})", R"({"b":2})"}, {}},
        Case{"[\n{\"a\":[1,{}]},\n{\"b\":\"}{\\\"[\"}\n]\n", {R"({"a":[1,{}]})", R"({"b":"}{\"["})"}, {}},
        Case{"[{\"a\":1},{\"b\":2}]", {R"({"a":1})", R"({"b":2})"}, {}},
        Case{"{\n  \"a\":\n 1 }", {R"({"a":1})"}, {}},
        Case{"10.0.0.1\n[fe80::1%eth0]:80 {\"a\":1}", {R"({"a":1})"}, {"10.0.0.1", "[fe80::1%eth0]:80"}}}) {
    CAPTURE(c.text);
    for (const std::size_t size : {1, 3, 1000}) {
      const Split s = split(c.text, size);
      CHECK(s.result);
      CHECK(s.records == c.records);
      CHECK(s.words == c.words);
    }
  }
}

TEST_CASE("streams that are no records") {
  for (const std::string& bad :
       {std::string("{\"a\":1"), std::string("{a}"), std::string("{\"a\":1]"), "{" + std::string(20, '['),
        "{\"a\":\"" + std::string(kMaxRecordBytes, 'x'), std::string(kMaxRecordBytes + 2, 'x')}) {
    const Split s = split(bad, 64);
    REQUIRE_FALSE(s.result);
    CHECK(s.result.error().code == ErrorCode::kConfig);
    CHECK(s.result.error().message.find("line 1") != std::string::npos);
  }
  CHECK(split("{\"a\":1}\n\n{nonsense}", 7).result.error().message.find("line 3") != std::string::npos);
}

#include "libonvif/virtual_device_malformed.h"

#include <doctest/doctest.h>

#include "tests/libonvif/virtual_device_fixture.h"

using namespace camctl;
using namespace camctl::onvif;

namespace {

SoapReply ask(std::set<int> quirks, const std::string& request, VirtualAuth auth = VirtualAuth::kNone) {
  auto config = test_device(auth);
  config.quirks = std::move(quirks);
  VirtualDevice device(config);
  return post(device, request);
}

bool has(const SoapReply& reply, std::string_view text) { return reply.body.find(text) != std::string::npos; }

}  // namespace

TEST_CASE("malformed: nothing without a quirk") {
  const auto reply = ask({}, soap(tds("GetDeviceInformation")));
  CHECK(reply.status == 200);
  CHECK(reply.content_type == "application/soap+xml; charset=utf-8");
  CHECK(reply.body.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
}

TEST_CASE("malformed: each quirk shows") {
  const auto date = soap(tds("GetSystemDateAndTime"));
  CHECK(ask({26}, date).content_type == "text/html");

  CHECK(ask({27}, soap(tds("Nothing"))).status == 200);
  CHECK(has(ask({27}, soap(tds("Nothing"))), "ActionNotSupported"));
  CHECK(ask({27}, soap(tds("GetScopes")), VirtualAuth::kDigest).status == 401);  // or nobody could get in

  const auto page = ask({28}, soap(tds("GetScopes")), VirtualAuth::kDigest);
  CHECK(page.status == 401);
  CHECK(page.body.starts_with("<html>"));
  CHECK(page.headers.front().first == "WWW-Authenticate");

  CHECK(has(ask({35}, date), "<tds:UTCDateTime"));
  CHECK_FALSE(has(ask({35}, date), "<tt:"));
  CHECK(has(ask({35}, soap(trt("GetProfiles"))), "<trt:Encoding"));

  CHECK(has(ask({36}, date), "<env:Envelope"));
  CHECK(has(ask({36}, date), "<tt:UTCDateTime"));
  CHECK_FALSE(has(ask({36}, date), "xmlns:tt"));

  const auto junk = ask({37}, soap(tds("GetDeviceInformation")));
  CHECK(junk.body.starts_with("\xEF\xBB\xBF\r\n<?xml version=\"1.0\" encoding=\"utf-16\"?>"));
  CHECK(has(junk, "caf\xE9<"));
  CHECK_FALSE(junk.body.ends_with("Envelope>"));

  const auto header = security_header({"a", Secret("b")}, "nonce", kTestTime, TokenForm::kDefaultNamespace);
  CHECK(has(ask({38}, soap(tds("GetScopes"), header)), "mustUnderstand=\"1\""));
  CHECK_FALSE(has(ask({}, soap(tds("GetScopes"), header)), "Security"));

  const auto values = ask({39}, soap(trt("GetProfiles")));
  CHECK(has(values, ">NaN<"));
  CHECK(has(values, ">25.0<"));
}

TEST_CASE("malformed: every quirk at once still carries the answer") {
  const auto reply = ask(virtual_device_quirks(), soap(tds("GetDeviceInformation")));
  CHECK(reply.status == 200);
  CHECK(has(reply, ":Manufacturer>camctl<"));
}

#include "libonvif/discovery/reply.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace camctl::onvif::discovery;

namespace {

std::string body(const std::string& inner) {
  return "<?xml version='1.0'?><env:Envelope xmlns:env='http://www.w3.org/2003/05/soap-envelope'><env:Body>" +
         inner + "</env:Body></env:Envelope>";
}

std::string date(const std::string& prefix, const std::string& year, const std::string& month) {
  const auto element = [&](const char* name, const std::string& inner) {
    return "<" + prefix + name + ">" + inner + "</" + prefix + name + ">";
  };
  return body(
      "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>" +
      element("UTCDateTime",
              element("Time", element("Hour", "3") + element("Minute", " 4 ") + element("Second", "5")) +
                  element("Date", element("Year", year) + element("Month", month) + element("Day", "7"))) +
      "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>");
}

}  // namespace

TEST_CASE("answers to GetSystemDateAndTime") {
  struct Case {
    const char* name;
    long status;
    std::string text;
    Verdict verdict;
    bool clock;
  };
  const std::vector<Case> cases = {
      {"as the standard says", 200, date("tt:", "2026", "5"), Verdict::kOnvif, true},
      {"quirk 35: parts in the wrong namespace", 200, date("tds:", "2026", "5"), Verdict::kOnvif, true},
      {"quirk 46: month 13", 200, date("tt:", "2026", "13"), Verdict::kOnvif, false},
      {"quirk 47: no date", 200, body("<tds:GetSystemDateAndTimeResponse/>"), Verdict::kOnvif, false},
      {"quirk 37: a newline first, junk after", 200, "\n" + date("tt:", "2026", "5") + "\0junk<",
       Verdict::kOnvif, true},
      {"quirk 27: 500 with a good body", 500, date("tt:", "2026", "5"), Verdict::kOnvif, true},
      {"quirk 45: a fault that asks for credentials", 400,
       body("<env:Fault><env:Code><env:Value>env:Sender</"
            "env:Value><env:Subcode><env:Value>ter:NotAuthorized</env:Value>"
            "</env:Subcode></env:Code></env:Fault>"),
       Verdict::kOnvifAuth, false},
      {"quirk 58: only the text tells", 200,
       body("<env:Fault><env:Reason><env:Text>Sender not authorized</env:Text></env:Reason></env:Fault>"),
       Verdict::kOnvifAuth, false},
      {"a fault with 401", 401, body("<env:Fault/>"), Verdict::kOnvifAuth, false},
      {"another fault of ONVIF", 400,
       body("<env:Fault><env:Value>ter:ActionNotSupported</env:Value></env:Fault>"), Verdict::kOnvifFault,
       false},
      {"a fault of somebody else", 500, body("<env:Fault><env:Value>env:Receiver</env:Value></env:Fault>"),
       Verdict::kNone, false},
      {"quirk 28: an HTML 401", 401, "<html><body>Unauthorized</body></html>", Verdict::kWebAuth, false},
      {"a web page", 200, "<!DOCTYPE html><html><body>Welcome</body></html>", Verdict::kNone, false},
      {"404", 404, "not found", Verdict::kNone, false},
      {"quirk 29: nothing", 200, "", Verdict::kNone, false},
      {"no XML", 200, "\xff\xfe\x00\x01", Verdict::kNone, false},
      {"truncated", 200, date("tt:", "2026", "5").substr(0, 200), Verdict::kOnvif, false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const DateReply reply = read_date_reply(c.status, c.text);
    CHECK(reply.verdict == c.verdict);
    CHECK(reply.utc.has_value() == c.clock);
  }
}

TEST_CASE("the clock is read as UTC") {
  const auto utc = read_date_reply(200, date("tt:", "1970", "1")).utc;
  REQUIRE(utc);
  using namespace std::chrono_literals;
  CHECK(utc->time_since_epoch() == 6 * 24h + 3h + 4min + 5s);
}

TEST_CASE("the request carries no credentials") {
  CHECK(date_request().find("Security") == std::string_view::npos);
  CHECK(date_request().find("GetSystemDateAndTime") != std::string_view::npos);
}

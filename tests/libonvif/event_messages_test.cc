#include "libonvif/event_messages.h"

#include <doctest/doctest.h>

#include <pugixml.hpp>

#include "tests/libonvif/captures.h"

using namespace camctl;
using namespace camctl::onvif;
using namespace std::chrono_literals;

namespace {

std::string events_envelope(const std::string& body, const std::string& declarations = {}) {
  return R"(<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope")"
         R"( xmlns:tev="http://www.onvif.org/ver10/events/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema")"
         R"( xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:wsa="http://www.w3.org/2005/08/addressing" )" +
         declarations + "><env:Body>" + body + "</env:Body></env:Envelope>";
}

std::string message(const std::string& attributes, const std::string& content) {
  return "<tev:PullMessagesResponse><tev:CurrentTime>2026-01-01T00:00:00Z</tev:CurrentTime>"
         "<tev:TerminationTime>2026-01-01T00:01:00Z</tev:TerminationTime><wsnt:NotificationMessage>"
         "<wsnt:Topic>tns1:Device/Trigger/tnsvendor:DigitalInput</wsnt:Topic><wsnt:Message><tt:Message " +
         attributes + ">" + content +
         "</tt:Message></wsnt:Message></wsnt:NotificationMessage></tev:PullMessagesResponse>";
}

}  // namespace

TEST_CASE("an event's parts are read") {
  Quirks quirks;
  const auto pulled = read_pulled_messages(
      events_envelope(message(R"(UtcTime="2026-01-01T00:00:01.5Z" PropertyOperation="Changed")",
                              R"(<tt:Source><tt:SimpleItem Name="InputToken" Value="1"/></tt:Source>)"
                              R"(<tt:Key><tt:SimpleItem Name="ObjectId" Value="7"/></tt:Key>)"
                              R"(<tt:Data><tt:SimpleItem Name="LogicalState" Value="true"/></tt:Data>)")),
      quirks);
  REQUIRE(pulled);
  REQUIRE(pulled->size() == 1);
  const Event& event = pulled->front();
  CHECK(event.topic == "Device/Trigger/DigitalInput");
  CHECK(event.operation == "changed");
  REQUIRE(event.time);
  CHECK(event.time->time_since_epoch() % 1000ms == 500ms);
  CHECK(event.source.front().value == "1");
  CHECK(event.key.front().value == "7");
  CHECK(event.state() == true);
  CHECK(quirks.empty());
}

TEST_CASE("a state is only what the data says alone") {
  const auto state = [](std::vector<EventItem> data) {
    Event event;
    event.data = std::move(data);
    return event.state();
  };
  CHECK(state({{"State", "false"}}) == false);
  CHECK(state({{"Count", "12"}, {"IsMotion", "1"}}) == true);
  CHECK_FALSE(state({{"A", "true"}, {"B", "false"}}));
  CHECK_FALSE(state({{"Plate", "M-XY 12"}}));
  CHECK_FALSE(state({}));
}

TEST_CASE("quirk 90: times of devices that make no sense") {
  Quirks quirks;
  for (const char* time : {"00:61:16Z", "2023-05-15T-07:10:32Z", "2485-13-13T00:00:00Z", ""}) {
    const auto pulled = read_pulled_messages(
        events_envelope(message(std::string("UtcTime=\"") + time + "\"",
                                R"(<tt:Data><tt:SimpleItem Name="State" Value="true"/></tt:Data>)")),
        quirks);
    REQUIRE(pulled);
    REQUIRE(pulled->size() == 1);
    CHECK_FALSE(pulled->front().time);
    CHECK(pulled->front().state() == true);
  }
  CHECK(quirks.contains(90));
}

TEST_CASE("events in wrong namespaces and with undeclared prefixes are read (quirks 35, 36, 88)") {
  Quirks quirks;
  const auto pulled = read_pulled_messages(
      R"(<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><PullMessagesResponse>)"
      "<NotificationMessage><Topic>a:VideoSource/MotionAlarm</Topic><x:Message><y:Message "
      R"(UtcTime="2026-01-01T00:00:00Z"><Data><z:SimpleItem Name="State" Value="true"/></Data></y:Message>)"
      "</x:Message></NotificationMessage></PullMessagesResponse></s:Body></s:Envelope>",
      quirks);
  REQUIRE_MESSAGE(pulled, pulled.error().message);
  REQUIRE(pulled->size() == 1);
  CHECK(pulled->front().topic == "VideoSource/MotionAlarm");
  CHECK(pulled->front().state() == true);

  const auto created = read_subscription(
      R"(<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tev="http://www.onvif.org/ver10/events/wsdl">)"
      "<s:Body><tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa:Address>"
      "http://10.0.0.9:80:80/sub/1</wsa:Address></tev:SubscriptionReference>"
      "<wsnt:CurrentTime>2026-01-01T00:00:00Z</wsnt:CurrentTime><wsnt:TerminationTime>2026-01-01T00:10:00Z"
      "</wsnt:TerminationTime></tev:CreatePullPointSubscriptionResponse></s:Body></s:Envelope>",
      quirks);
  REQUIRE_MESSAGE(created, created.error().message);
  CHECK(created->address == "http://10.0.0.9:80:80/sub/1");
  CHECK(created->lasts == 600s);
}

TEST_CASE("quirk 87: reference parameters keep their names and what is in them") {
  Quirks quirks;
  const auto created = read_subscription(
      events_envelope(
          "<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa:Address>http://10.0.0.9/s"
          R"(</wsa:Address><wsa:ReferenceParameters><dom0:SubscriptionId>0</dom0:SubscriptionId>)"
          R"(<b xmlns="urn:b" c="&lt;"><d/></b></wsa:ReferenceParameters></tev:SubscriptionReference>)"
          "</tev:CreatePullPointSubscriptionResponse>",
          R"(xmlns:dom0="http://www.axis.com/2009/event")"),
      quirks);
  REQUIRE(created);
  const std::string header = addressing_headers("urn:act", "http://10.0.0.9/s", created->reference);
  // Read back by another reader: each stands alone.
  pugi::xml_document document;
  REQUIRE(document.load_string(("<h>" + header + "</h>").c_str()));
  const auto id = document.first_child().child("dom0:SubscriptionId");
  CHECK(std::string(id.text().get()) == "0");
  CHECK(std::string(id.attribute("xmlns:dom0").value()) == "http://www.axis.com/2009/event");
  CHECK(std::string(id.attribute("camctl-wsa:IsReferenceParameter").value()) == "true");
  const auto other = document.first_child().child("b");
  CHECK(std::string(other.attribute("c").value()) == "<");
  CHECK(other.child("d"));
  CHECK(quirks.contains(87));
}

TEST_CASE("what is too long for a header is left out") {
  Quirks quirks;
  const auto created = read_subscription(
      events_envelope(
          "<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa:Address>http://h/"
          "</wsa:Address><wsa:ReferenceParameters><a>" +
          std::string(kMaxReference, 'x') +
          "</a></wsa:ReferenceParameters></tev:SubscriptionReference>"
          "</tev:CreatePullPointSubscriptionResponse>"),
      quirks);
  REQUIRE(created);
  CHECK(created->reference.empty());
}

TEST_CASE("a recorder's flood of events is bounded") {
  std::string body = "<tev:PullMessagesResponse>";
  for (std::size_t i = 0; i < kMaxEvents + 10; ++i)
    body += "<wsnt:NotificationMessage><wsnt:Topic>t</wsnt:Topic></wsnt:NotificationMessage>";
  Quirks quirks;
  const auto pulled = read_pulled_messages(events_envelope(body + "</tev:PullMessagesResponse>"), quirks);
  REQUIRE(pulled);
  CHECK(pulled->size() == kMaxEvents);
}

TEST_CASE("recorded events of a real camera") {
  const auto file = captures_folder() / "ex_onvif" / "pull_messages.xml";
  if (!std::filesystem::exists(file)) return;
  Quirks quirks;
  const auto pulled = read_pulled_messages(file_text(file), quirks);
  REQUIRE(pulled);
  REQUIRE(pulled->size() == 8);
  CHECK((*pulled)[1].topic == "RuleEngine/CellMotionDetector/Motion");
  CHECK((*pulled)[1].source.size() == 3);
  CHECK((*pulled)[4].key.front().name == "ObjectId");
  CHECK((*pulled)[5].topic == "Monitoring/OperatingTime/LastReset");
  const auto created =
      read_subscription(file_text(file.parent_path() / "create_pull_point_subscription.xml"), quirks);
  REQUIRE(created);
  CHECK(created->address == "http://192.168.8.120/onvif/Events/PullSubManager_20250415T164937Z_0");
  CHECK(created->lasts == 60s);
}

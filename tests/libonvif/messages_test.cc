// Requests as text, and replies in the strict and the sloppy forms of real devices.
#include "libonvif/messages.h"

#include <doctest/doctest.h>

#include "tests/libonvif/replies.h"

using namespace camctl;
using namespace camctl::onvif;

TEST_CASE("requests are what the standard says") {
  CHECK(get_system_date_and_time().action == "http://www.onvif.org/ver10/device/wsdl/GetSystemDateAndTime");
  CHECK(
      get_system_date_and_time().body ==
      R"(<tds:GetSystemDateAndTime xmlns:tds="http://www.onvif.org/ver10/device/wsdl"></tds:GetSystemDateAndTime>)");
  CHECK(get_services(false).body.find("<tds:IncludeCapability>false</tds:IncludeCapability>") !=
        std::string::npos);
  CHECK(get_capabilities().body.find("<tds:Category>All</tds:Category>") != std::string::npos);
  const std::string stream = get_stream_uri_1("a<b>&\"c").body;
  CHECK(stream.find(">RTP-Unicast</tt:Stream>") != std::string::npos);
  CHECK(stream.find("<tt:Protocol>RTSP</tt:Protocol>") != std::string::npos);
  CHECK(stream.find("<trt:ProfileToken>a&lt;b&gt;&amp;") != std::string::npos);
  const std::string profiles = get_profiles_2({"VideoSource", "VideoEncoder"}).body;
  CHECK(profiles.find("<tr2:Type>VideoSource</tr2:Type><tr2:Type>VideoEncoder</tr2:Type>") !=
        std::string::npos);
  CHECK(get_profiles_2({}).body.find("Type>") == std::string::npos);
  CHECK(get_stream_uri_2("t", "RtspUnicast").body.find("<tr2:Protocol>RtspUnicast<") != std::string::npos);
  CHECK(make_envelope(SoapVersion::k11, "<h/>", "<b/>").find("schemas.xmlsoap.org/soap/envelope") !=
        std::string::npos);
  CHECK(make_envelope(SoapVersion::k12, "", "<b/>").find("Header") == std::string::npos);
}

TEST_CASE("date and time in every form") {
  constexpr std::int64_t kNewYear = 1'767'225'600;  // 2026-01-01T00:00:00Z
  struct Case {
    const char* body;
    bool known, local;
    std::set<int> quirks;
  };
  const std::string date =
      "<tt:Date><tt:Year>2026</tt:Year><tt:Month>1</tt:Month><tt:Day>1</tt:Day></tt:Date>";
  const std::string time =
      "<tt:Time><tt:Hour>0</tt:Hour><tt:Minute>0</tt:Minute><tt:Second>0</tt:Second></tt:Time>";
  const auto reply = [](const std::string& inner) {
    return envelope("<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>" + inner +
                    "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>");
  };
  Quirks quirks;
  auto clock =
      read_system_date_and_time(reply("<tt:UTCDateTime>" + time + date + "</tt:UTCDateTime>"), quirks);
  REQUIRE(clock);
  REQUIRE(clock->utc);
  CHECK(std::chrono::system_clock::to_time_t(*clock->utc) == kNewYear);
  CHECK(quirks.empty());

  // Only local time: China is eight hours ahead (quirk 47).
  clock =
      read_system_date_and_time(reply("<tt:TimeZone><tt:TZ>CST-8</tt:TZ></tt:TimeZone><tt:LocalDateTime>" +
                                      date + time + "</tt:LocalDateTime>"),
                                quirks);
  REQUIRE(clock);
  REQUIRE(clock->utc);
  CHECK(std::chrono::system_clock::to_time_t(*clock->utc) == kNewYear - 8 * 3600);
  CHECK(clock->from_local);
  CHECK(quirks == Quirks{47});

  // Nonsense and nothing: a device all the same (quirk 46).
  for (const char* inner : {"", "<tt:UTCDateTime/>", "<tt:DateTimeType>NTP</tt:DateTimeType>"}) {
    quirks.clear();
    clock = read_system_date_and_time(reply(inner), quirks);
    REQUIRE(clock);
    CHECK_FALSE(clock->utc);
    CHECK(quirks == Quirks{46});
  }
  // UTCDateTime in the service's namespace, as node's SOAP library has it (quirk 35).
  quirks.clear();
  std::string wrong = reply("<tt:UTCDateTime>" + date + time + "</tt:UTCDateTime>");
  for (auto at = wrong.find("tt:"); at != wrong.npos; at = wrong.find("tt:", at + 1))
    if (wrong[at - 1] == '<' || wrong[at - 1] == '/') wrong.replace(at, 2, "tds");
  clock = read_system_date_and_time(wrong, quirks);
  REQUIRE(clock);
  REQUIRE(clock->utc);
  CHECK(std::chrono::system_clock::to_time_t(*clock->utc) == kNewYear);
  CHECK(quirks == Quirks{35});
}

TEST_CASE("services and capabilities") {
  Quirks quirks;
  const auto services = read_services(
      envelope(
          "<tds:GetServicesResponse>"
          "<tds:Service><tds:Namespace> http://www.onvif.org/ver10/media/wsdl\n</tds:Namespace>"
          "<tds:XAddr>\n http://1.2.3.4/m </tds:XAddr><tds:Capabilities><x xmlns='y'/></tds:Capabilities>"
          "<tds:Version><tt:Major>2</tt:Major></tds:Version></tds:Service>"
          "<tds:Service><tds:Namespace>http://empty/</tds:Namespace></tds:Service>"
          "</tds:GetServicesResponse>"),
      quirks);
  REQUIRE(services);
  REQUIRE(services->size() == 1);
  CHECK(services->front().ns == kMediaNs);
  CHECK(services->front().xaddr == "http://1.2.3.4/m");
  CHECK(quirks.empty());
  const auto capabilities = read_capabilities(
      envelope("<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Device><tt:XAddr>http://h/d</tt:XAddr></"
               "tt:Device>"
               "<tt:Media><tt:XAddr>http://h/m</tt:XAddr></tt:Media><tt:PTZ/></tds:Capabilities>"
               "</tds:GetCapabilitiesResponse>"),
      quirks);
  REQUIRE(capabilities);
  CHECK(capabilities->size() == 2);
  CHECK_FALSE(read_services(envelope("<tds:GetServicesResponse/>"), quirks));
  CHECK_FALSE(read_capabilities(envelope("<tds:GetCapabilitiesResponse/>"), quirks));
}

TEST_CASE("identity, scopes, interfaces, endpoint") {
  Quirks quirks;
  const auto info =
      read_device_information(envelope("<tds:GetDeviceInformationResponse><tds:Manufacturer> Caf\xE9 "
                                       "</tds:Manufacturer><tds:Model>M\x07</tds:Model>"
                                       "<tds:SerialNumber/></tds:GetDeviceInformationResponse>"),
                              quirks);
  REQUIRE(info);
  CHECK(info->manufacturer == "Café");  // gSOAP takes stray bytes for Latin-1
  CHECK(info->serial.empty());
  const auto scopes =
      read_scopes(envelope("<tds:GetScopesResponse><tds:Scopes><tt:ScopeDef>Fixed</tt:ScopeDef>"
                           "<tt:ScopeItem>onvif://www.onvif.org/name/x</tt:ScopeItem></tds:Scopes>"
                           "<tds:Scopes/></tds:GetScopesResponse>"),
                  quirks);
  REQUIRE(scopes);
  CHECK(scopes->size() == 1);
  const auto interfaces = read_network_interfaces(
      envelope("<tds:GetNetworkInterfacesResponse><tds:NetworkInterfaces "
               "token='eth0'><tt:Enabled>ture</tt:Enabled>"
               "<tt:Info><tt:HwAddress>00-11-22-AA-bb-CC</tt:HwAddress><tt:MTU>nan</tt:MTU></"
               "tt:Info><tt:IPv4><tt:Config>"
               "<tt:Manual><tt:Address>10.0.0.5</tt:Address></tt:Manual></tt:Config></tt:IPv4></"
               "tds:NetworkInterfaces>"
               "<tds:NetworkInterfaces><tt:Info><tt:HwAddress>00:00:00:00:00:00</tt:HwAddress></tt:Info>"
               "</tds:NetworkInterfaces></tds:GetNetworkInterfacesResponse>"),
      quirks);
  REQUIRE(interfaces);
  REQUIRE(interfaces->size() == 2);
  CHECK(interfaces->at(0).mac == "00:11:22:aa:bb:cc");
  CHECK(interfaces->at(0).addresses == std::vector<std::string>{"10.0.0.5"});
  CHECK(interfaces->at(1).mac.empty());
  for (const char* guid : {"urn:uuid:x", "uuid:x", "x"}) {
    const auto endpoint =
        read_endpoint_reference(envelope(std::string("<tds:GetEndpointReferenceResponse><tds:GUID>") + guid +
                                         "</tds:GUID></tds:GetEndpointReferenceResponse>"),
                                quirks);
    REQUIRE(endpoint);
    CHECK(*endpoint == "urn:uuid:x");
  }
}

TEST_CASE("profiles with values of every kind (quirks 39, 68, 84)") {
  Quirks quirks;
  const auto profiles = read_profiles_1(
      envelope(
          "<trt:GetProfilesResponse>"
          "<trt:Profiles token='000' fixed='ture'><tt:Name/><tt:VideoSourceConfiguration token='v'>"
          "<tt:SourceToken>S</tt:SourceToken></tt:VideoSourceConfiguration><tt:VideoEncoderConfiguration "
          "token='e'>"
          "<tt:Encoding>H265</tt:Encoding><tt:Resolution><tt:Width>1920.0</tt:Width><tt:Height> 1080 "
          "</tt:Height>"
          "</tt:Resolution><tt:RateControl><tt:FrameRateLimit>25.0</"
          "tt:FrameRateLimit><tt:BitrateLimit>2147483647"
          "</tt:BitrateLimit></tt:RateControl></tt:VideoEncoderConfiguration><tt:AudioEncoderConfiguration>"
          "<tt:Encoding>g711a</tt:Encoding><tt:SampleRate>8</tt:SampleRate></tt:AudioEncoderConfiguration>"
          "<tt:PTZConfiguration token='p'/><tt:Extension><x/></tt:Extension></trt:Profiles>"
          "<trt:Profiles token=''><tt:Name>no video</tt:Name></trt:Profiles>"
          "<trt:Profiles><tt:Name>no token</tt:Name></trt:Profiles>"
          "</trt:GetProfilesResponse>"),
      quirks);
  REQUIRE(profiles);
  REQUIRE(profiles->size() == 2);
  const MediaProfile& main = profiles->front();
  CHECK(main.token == "000");
  CHECK(main.name.empty());
  CHECK(main.source_token == "S");
  CHECK(main.video_codec == "h265");
  CHECK(main.width == 1920);
  CHECK(main.height == 1080);
  CHECK(main.fps == doctest::Approx(25));
  CHECK(main.bitrate_kbps == 0);  // no limit
  CHECK(main.audio_codec == "g711");
  CHECK(main.audio_sample_rate == 8000);
  CHECK(main.ptz);
  CHECK_FALSE(profiles->at(1).has_video);

  const auto second = read_profiles_2(
      envelope(
          "<tr2:GetProfilesResponse><tr2:Profiles token='t'><tr2:Name>N</tr2:Name><tr2:Configurations>"
          "<tr2:VideoEncoder token='e' GovLength='50' Profile='Main'><tt:Encoding>H265</tt:Encoding>"
          "<tt:RateControl><tt:FrameRateLimit>12.5</tt:FrameRateLimit></tt:RateControl></tr2:VideoEncoder>"
          "<tr2:Metadata/></tr2:Configurations></tr2:Profiles></tr2:GetProfilesResponse>"),
      quirks);
  REQUIRE(second);
  CHECK(second->front().gop == 50);
  CHECK(second->front().fps == doctest::Approx(12.5));
}

TEST_CASE("more profiles than a device can have are cut") {
  std::string body = "<trt:GetProfilesResponse>";
  for (std::size_t i = 0; i < kMaxProfiles + 10; ++i)
    body += "<trt:Profiles token='" + std::to_string(i) + "'/>";
  Quirks quirks;
  const auto profiles = read_profiles_1(envelope(body + "</trt:GetProfilesResponse>"), quirks);
  REQUIRE(profiles);
  CHECK(profiles->size() == kMaxProfiles);
}

TEST_CASE("URIs wherever they are (quirk 78)") {
  struct Case {
    const char* body;
    bool media2;
    std::set<int> quirks;
  };
  const std::string uri = "rtsp://1.2.3.4/a?b=1&amp;c=2";
  for (const Case& c :
       {Case{"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri> "
             "@\n</tt:Uri></trt:MediaUri></trt:GetStreamUriResponse>",
             false,
             {}},
        Case{"<trt:GetStreamUriResponse><tt:Uri>@</tt:Uri></trt:GetStreamUriResponse>", false, {78}},
        Case{"<trt:GetStreamUriResponse><trt:Uri>@</trt:Uri></trt:GetStreamUriResponse>", false, {78}},
        Case{"<trt:GetStreamUriResponse><trt:MediaUri><trt:Uri>@</trt:Uri></trt:MediaUri></"
             "trt:GetStreamUriResponse>",
             false,
             {35}},
        Case{"<tr2:GetStreamUriResponse><tr2:Uri>@</tr2:Uri></tr2:GetStreamUriResponse>", true, {}},
        Case{"<tr2:GetStreamUriResponse><tr2:MediaUri><tt:Uri>@</tt:Uri></tr2:MediaUri></"
             "tr2:GetStreamUriResponse>",
             true,
             {78}},
        Case{
            "<GetStreamUriResponse><MediaUri><Uri>@</Uri></MediaUri></GetStreamUriResponse>", false, {35}}}) {
    CAPTURE(c.body);
    std::string text = envelope(c.body);
    text.replace(text.find('@'), 1, uri);
    Quirks quirks;
    const auto read = c.media2 ? read_stream_uri_2(text, quirks) : read_stream_uri_1(text, quirks);
    REQUIRE(read);
    CHECK(*read == "rtsp://1.2.3.4/a?b=1&c=2");
    CHECK(quirks == c.quirks);
  }
  Quirks quirks;
  CHECK_FALSE(read_stream_uri_1(
      envelope("<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri/></trt:MediaUri></trt:GetStreamUriResponse>"),
      quirks));
}

TEST_CASE("what is no reply is an error, never a crash") {
  Quirks quirks;
  const std::string whole = envelope(
      "<tds:GetServicesResponse><tds:Service><tds:Namespace>n</tds:Namespace>"
      "<tds:XAddr>x</tds:XAddr></tds:Service></tds:GetServicesResponse>");
  REQUIRE(read_services(whole, quirks));
  for (std::size_t size = 0; size < whole.size(); ++size)
    if (const auto cut = read_services(std::string_view(whole).substr(0, size), quirks)) {
      CHECK(size + 40 > whole.size());  // only the end tags of the envelope may be missing
    }
  for (const char* text :
       {"<html>Login</html>", "\0", "<a", "Envelope>", "<Envelope", "<s:Envelope></s:Envelope>",
        "<Envelope><Body/></Envelope>", "Envelope<>Envelope"}) {
    CAPTURE(text);
    const auto services = read_services(text, quirks);
    REQUIRE_FALSE(services);
    CHECK(services.error().code == ErrorCode::kProtocol);
    CHECK(services.error().message.find("GetServicesResponse") != std::string::npos);
  }
  std::string deep = "<tds:GetServicesResponse>";
  for (int i = 0; i < 20'000; ++i) deep += "<a>";
  CHECK_FALSE(read_services(envelope(deep), quirks));
}

#include "libonvif/setting_messages.h"

#include <fmt/format.h>

#include <ctime>

#include "base/cidr.h"
#include "libonvif/lenient.h"
#include "libonvif/soap/reply_reader.h"
#include "libonvif/soap/request_writer.h"
#include "libonvif/soap/xml_text.h"

namespace camctl::onvif {
namespace {

// An operation around an element that the device wrote: gSOAP would lose what it does not know.
std::string operation(std::string_view name, std::string_view space, std::string_view content) {
  return fmt::format(R"(<op:{0} xmlns:op="{1}">{2}</op:{0}>)", name, space, content);
}

}  // namespace

Request get_video_encoder_1(std::string_view token) {
  SoapContext context;
  _trt__GetVideoEncoderConfiguration body;
  body.ConfigurationToken = std::string(token);
  return {"http://www.onvif.org/ver10/media/wsdl/GetVideoEncoderConfiguration",
          write_body(context, body, "trt:GetVideoEncoderConfiguration")};
}

Request set_video_encoder_1(const Configuration& configuration) {
  return {"http://www.onvif.org/ver10/media/wsdl/SetVideoEncoderConfiguration",
          operation("SetVideoEncoderConfiguration", kMediaNs,
                    configuration.as_element("Configuration", kMediaNs) +
                        "<op:ForcePersistence>true</op:ForcePersistence>")};
}

Request get_video_encoder_2(std::string_view token) {
  SoapContext context;
  _tr2__GetVideoEncoderConfigurations body;
  body.ConfigurationToken = std::string(token);
  return {"http://www.onvif.org/ver20/media/wsdl/GetVideoEncoderConfigurations",
          write_body(context, body, "tr2:GetVideoEncoderConfigurations")};
}

Request set_video_encoder_2(const Configuration& configuration) {
  return {"http://www.onvif.org/ver20/media/wsdl/SetVideoEncoderConfiguration",
          operation("SetVideoEncoderConfiguration", kMedia2Ns,
                    configuration.as_element("Configuration", kMedia2Ns))};
}

Request get_imaging_settings(std::string_view source) {
  SoapContext context;
  _timg__GetImagingSettings body;
  body.VideoSourceToken = std::string(source);
  return {"http://www.onvif.org/ver20/imaging/wsdl/GetImagingSettings",
          write_body(context, body, "timg:GetImagingSettings")};
}

Request set_imaging_settings(std::string_view source, const Configuration& settings) {
  return {"http://www.onvif.org/ver20/imaging/wsdl/SetImagingSettings",
          operation("SetImagingSettings", kImagingNs,
                    fmt::format("<op:VideoSourceToken>{}</op:VideoSourceToken>{}"
                                "<op:ForcePersistence>true</op:ForcePersistence>",
                                escape_xml(source), settings.as_element("ImagingSettings", kImagingNs)))};
}

Request set_system_date_and_time(bool ntp, std::string_view daylight_savings, std::string_view zone,
                                 std::chrono::system_clock::time_point time) {
  SoapContext context;
  tt__TimeZone time_zone;
  time_zone.TZ = std::string(zone);
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  tt__Time clock;
  clock.Hour = std::to_string(utc.tm_hour);
  clock.Minute = std::to_string(utc.tm_min);
  clock.Second = std::to_string(utc.tm_sec);
  tt__Date date;
  date.Year = std::to_string(utc.tm_year + 1900);
  date.Month = std::to_string(utc.tm_mon + 1);
  date.Day = std::to_string(utc.tm_mday);
  tt__DateTime moment;
  moment.Time = &clock;
  moment.Date = &date;
  _tds__SetSystemDateAndTime body;
  body.DateTimeType = ntp ? "NTP" : "Manual";
  body.DaylightSavings = std::string(daylight_savings);
  if (!zone.empty()) body.TimeZone = &time_zone;
  if (!ntp) body.UTCDateTime = &moment;
  return {"http://www.onvif.org/ver10/device/wsdl/SetSystemDateAndTime",
          write_body(context, body, "tds:SetSystemDateAndTime")};
}

Request set_ntp(std::string_view server) {
  SoapContext context;
  tt__NetworkHost host;
  const auto address = IpAddress::parse(server);
  host.Type = !address ? "DNS" : address->is_v4() ? "IPv4" : "IPv6";
  (!address ? host.DNSname : address->is_v4() ? host.IPv4Address : host.IPv6Address) = std::string(server);
  _tds__SetNTP body;
  body.FromDHCP = "false";
  body.NTPManual.push_back(&host);
  return {"http://www.onvif.org/ver10/device/wsdl/SetNTP", write_body(context, body, "tds:SetNTP")};
}

Request set_hostname_request(std::string_view name) {
  SoapContext context;
  _tds__SetHostname body;
  body.Name = std::string(name);
  return {"http://www.onvif.org/ver10/device/wsdl/SetHostname", write_body(context, body, "tds:SetHostname")};
}

Request system_reboot() {
  return {"http://www.onvif.org/ver10/device/wsdl/SystemReboot",
          write_empty_body<_tds__SystemReboot>("tds:SystemReboot")};
}

Result<std::string> read_system_reboot(std::string_view reply, Quirks& quirks) {
  const auto convert = [](const _tds__SystemRebootResponse& r) -> std::optional<std::string> {
    return clean_text(value(r.Message));
  };
  return read_reply<_tds__SystemRebootResponse>(reply, {"tds", "SystemRebootResponse"}, quirks, convert);
}

}  // namespace camctl::onvif

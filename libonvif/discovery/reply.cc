#include "libonvif/discovery/reply.h"

#include "base/text.h"
#include "libonvif/discovery/xml.h"
#include "libonvif/lenient.h"

namespace camctl::onvif::discovery {
namespace {

constexpr long kUnauthorized = 401;

std::optional<std::chrono::system_clock::time_point> read_utc(pugi::xml_node node) {
  const pugi::xml_node date = find(node, "Date"), time = find(node, "Time");
  const std::string year = text_of(find(date, "Year")), month = text_of(find(date, "Month")),
                    day = text_of(find(date, "Day")), hour = text_of(find(time, "Hour")),
                    minute = text_of(find(time, "Minute")), second = text_of(find(time, "Second"));
  return make_date_time({year, month, day, hour, minute, second});
}

}  // namespace

std::string_view date_request() {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
         "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>"
         "<GetSystemDateAndTime xmlns=\"http://www.onvif.org/ver10/device/wsdl\"/>"
         "</s:Body></s:Envelope>";
}

DateReply read_date_reply(long http_status, std::string_view body) {
  DateReply reply;
  pugi::xml_document document;
  load_leniently(document, body);
  if (find(document, "GetSystemDateAndTimeResponse") || find(document, "SystemDateAndTime")) {
    reply.verdict = Verdict::kOnvif;
    reply.utc = read_utc(find(document, "UTCDateTime"));
    return reply;
  }
  const pugi::xml_node fault = find(document, "Fault");
  const std::string said = text::lower(text_of(fault));
  // Quirk 58: often only the text tells.
  if (fault && (http_status == kUnauthorized || said.find("auth") != std::string::npos))
    reply.verdict = Verdict::kOnvifAuth;
  else if (fault &&
           (said.find("ter:") != std::string::npos || body.find("onvif.org") != std::string_view::npos))
    reply.verdict = Verdict::kOnvifFault;
  else if (http_status == kUnauthorized)
    reply.verdict = Verdict::kWebAuth;
  return reply;
}

}  // namespace camctl::onvif::discovery

#include "libonvif/quirks.h"

#include <algorithm>

namespace camctl::onvif {

const std::vector<Quirk>& all_quirks() {
  constexpr bool kNotSimulated = false;
  static const std::vector<Quirk> quirks = {
      // Discovery (A1)
      {1, "answers probes for dn:NetworkVideoTransmitter only"},
      {2, "answers no probe for dn:NetworkVideoTransmitter"},
      {3, "answers no probe without types"},
      {4, "answers only types with the prefix dn or tds, declared on the Envelope"},
      {5, "an empty Types element silences it for good"},
      {6, "answers probes with a SOAP fault"},
      {7, "ProbeMatch without ProbeMatches and Action, elements in wrong namespaces"},
      {8, "takes the probe's MessageID as its own, no RelatesTo"},
      {9, "prefixes that are declared nowhere"},
      {10, "several XAddrs on lines of their own: link-local and https first"},
      {11, "XAddrs with an IPv6 link-local address without zone"},
      {12, "XAddrs and stream URIs with the host 0.0.0.0"},
      {13, "is reached by another interface than that of the default route", kNotSimulated},
      {14, "does not hear the first three probes, answers half a second late"},
      {15, "its switch takes offence at clients that join the multicast group", kNotSimulated},
      {16, "another program holds port 3702", kNotSimulated},
      {17, "answers three times"},
      {18, "all cameras have one endpoint"},
      {19, "a new endpoint at each start"},
      {20, "scopes on lines of their own, with spaces inside, the name twice"},
      {21, "announces itself with a printer's types and no ONVIF scope"},
      {22, "answers no probe that has scopes"},
      {23, "answers no multicast"},
      {24, "answers in two datagrams"},
      {25, "its device service is at /onvif/services only"},
      // Transport, HTTP, XML (A2)
      {26, "text/html as the type of SOAP replies"},
      {27, "faults with HTTP 200"},
      {28, "an HTML page in place of an authentication fault"},
      {29, "knows SOAP 1.1 only, an empty HTTP 200 for all else"},
      {30, "takes no request without the action in its Content-Type"},
      {31, "takes no request with the action in its Content-Type"},
      {32, "takes one spelling of the Content-Type only"},
      {33, "hangs up after each reply without having said so"},
      {34, "chunks its replies, understands no chunked requests"},
      {35, "elements in wrong namespaces"},
      {36, "prefixes of its own, and prefixes that are declared nowhere"},
      {37, "broken XML around a sound envelope"},
      {38, "sends the request's Security header back"},
      {39, "values and elements outside the schema"},
      {40, "a certificate that nobody has signed", kNotSimulated},
      {41, "redirects from http to https", kNotSimulated},
      {42, "answers one request at a time, others get nothing"},
      {43, "wants its port in the Host header"},
      // Authentication and time (A3)
      {44, "its clock is an hour ahead, and tokens more than 5 s off are refused"},
      {45, "does not tell its clock without credentials"},
      {46, "the UTC that it tells is another than the one it checks by"},
      {47, "tells local time only"},
      {48, "a time zone that is no POSIX one"},
      {49, "takes HTTP Digest only"},
      {50, "two Digest challenges: MD5 without algorithm and with auth-int, SHA-256, both with opaque"},
      {51, "each service has Digest nonces of its own"},
      {52, "refuses nonces and dates that are longer than usual"},
      {53, "wants the prefixed spelling of the Security header"},
      {54, "refuses two Security headers"},
      {55, "refuses headers that must be understood, and Security at its media services"},
      {56, "takes the password as plain text only"},
      {57, "counts wrong passwords, and locks the user after five"},
      {58, "refuses credentials in words only, without a subcode"},
      {59, "the user's role is too low for the media services"},
      {60, "open to everybody, but refuses whoever gives credentials"},
      {61, "wrong credentials make every operation fail, even the open ones"},
      // Services, profiles, URIs (A4)
      {62, "does not know GetServices"},
      {63, "GetServices fails without capabilities"},
      {64, "GetServices lists vendors' services, and lacks those of GetCapabilities"},
      {65, "lists its services for users only"},
      {66, "all services share one address without a path"},
      {67, "service addresses with a wrong host, scheme and the port twice"},
      {68, "Media 1 does not tell what its encoders are"},
      {69, "has Media 2 only"},
      {70, "lists Media 2, which answers HTTP 500"},
      {71, "Media 2 takes no list of types, only All"},
      {72, "Media 2 names video sources that do not exist"},
      {73, "has no GetVideoSources"},
      {74, "a recorder of 16 channels"},
      {75, "no stream URI for its last profile"},
      {76, "no snapshot URIs"},
      {77, "stream URIs with white space around and escaped twice"},
      {78, "stream URIs without their wrapper"},
      {79, "stream and snapshot URIs with a host that leads nowhere"},
      {80, "stream URIs with a user and password in their path, or no path"},
      {81, "stream URIs with a user and password"},
      {82, "snapshots at a port of their own"},
      {83, "Media 2 streams by RtspUnicast only"},
      {84, "profiles without names, and the tokens 000 and 001"},
      {85, "H264 as its manufacturer, no model"},
      // Events, PTZ (A5)
      {86, "says that it has no pull points, and has them"},
      {87, "tells subscriptions apart by a reference parameter"},
      {88, "names a host for subscriptions that leads nowhere"},
      {89, "can't renew subscriptions"},
      {90, "impossible times in events"},
      {91, "events with WS-Addressing only, Stop without it only"},
      {92, "does not list its event service"},
      {93, "refuses a Timeout of ContinuousMove, and Stop"},
      {94, "can't zoom, and refuses to be told to"},
  };
  return quirks;
}

std::string_view quirk_text(int number) {
  const auto& quirks = all_quirks();
  const auto found = std::ranges::lower_bound(quirks, number, {}, &Quirk::number);
  return found != quirks.end() && found->number == number ? found->shows : std::string_view{};
}

}  // namespace camctl::onvif

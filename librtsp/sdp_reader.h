// Session descriptions as cameras send them (RFC 8866, RFC 2326 appendix C).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "librtsp/depacketizer.h"

namespace camctl::rtsp {

struct DescribedTrack {
  PayloadFormat format;
  std::string control;  // as written; may be empty, relative or absolute
  // Of c= and m= lines (RFC 8866 §5.7, §5.14), for multicast where SETUP's reply says nothing; and the one
  // source that a source-filter includes (RFC 4570 §3), for source-specific joins. Addresses as written.
  std::string group, source;
  std::uint16_t port = 0;
};

struct SessionDescription {
  std::string control;  // of the session: "*", absolute, or empty where aggregate control is missing
  std::vector<DescribedTrack> tracks;  // audio, video and ONVIF metadata, in their order
};

inline constexpr std::size_t kMaxTracks = 16;              // cameras have two or three; more are ignored
inline constexpr std::size_t kMaxDescriptionLines = 1024;  // real descriptions have below 60

// Never refuses a description with a usable media line; malformed lines are skipped, and so is media that is
// encrypted (SRTP, RFC 3711). kProtocol where there is none; the text says so if SRTP is why.
Result<SessionDescription> parse_sdp(std::string_view text);

// The URL for a control attribute (RFC 2326 appendix C.1.1): absolute ones as they are, "*" and empty the
// base itself, others behind the base and one '/'. `base` keeps its query where cameras put it: behind the
// path.
std::string control_url(std::string_view base, std::string_view control);

}  // namespace camctl::rtsp

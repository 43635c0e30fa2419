#include "librtsp/sdp_reader.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace camctl::rtsp {
namespace {

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return value;
}

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

// Takes the text before the first `separator` off the front of `rest`.
std::string_view take(std::string_view& rest, char separator) {
  const auto size = std::min(rest.find(separator), rest.size());
  const auto result = rest.substr(0, size);
  rest.remove_prefix(std::min(size + 1, rest.size()));
  return result;
}

// RFC 3551 §6: payload types that need no rtpmap.
void set_static_format(PayloadFormat& format) {
  struct Static {
    std::uint8_t type;
    std::string_view encoding;
    std::uint32_t clock;
  };
  constexpr std::array kStatic = {Static{0, "PCMU", 8000}, Static{8, "PCMA", 8000},
                                  Static{26, "JPEG", 90'000}, Static{2, "G726-32", 8000}};
  for (const auto& known : kStatic) {
    if (known.type != format.payload_type) continue;
    format.encoding = known.encoding;
    format.clock_rate = known.clock;
  }
}

// RTP/SAVP (RFC 3711), RTP/SAVPF (RFC 5124) and their kin over DTLS: what is sent is encrypted.
bool is_secure_rtp(std::string_view media_line) {
  const auto words = text::split(media_line, " ");
  return words.size() >= 3 && upper(words[2]).find("RTP/SAVP") != std::string::npos;
}

// m=<media> <port> <proto> <fmt> …; the first format counts, as cameras offer one.
std::optional<DescribedTrack> media_line(std::string_view value) {
  const auto words = text::split(value, " ");
  if (words.size() < 4 || !upper(words[2]).starts_with("RTP/") || is_secure_rtp(value)) return std::nullopt;
  DescribedTrack track;
  if (text::iequals(words[0], "video"))
    track.format.kind = media::TrackKind::kVideo;
  else if (text::iequals(words[0], "audio"))
    track.format.kind = media::TrackKind::kAudio;
  else if (text::iequals(words[0], "application"))
    track.format.kind = media::TrackKind::kMetadata;
  else
    return std::nullopt;
  const auto type = number<unsigned>(words[3]);
  if (!type || *type > 127) return std::nullopt;
  track.format.payload_type = static_cast<std::uint8_t>(*type);
  if (const auto port = number<std::uint16_t>(words[1])) track.port = *port;
  set_static_format(track.format);
  return track;
}

// "IN IP4 239.1.2.3/16/3": the address.
std::string connection_address(std::string_view value) {
  const auto words = text::split(value, " ");
  if (words.size() != 3 || !text::iequals(words[0], "IN")) return {};
  return std::string(words[2].substr(0, words[2].find('/')));
}

// " incl IN IP4 239.1.2.3 10.0.0.1": the source, where there is one.
std::string included_source(std::string_view value) {
  const auto words = text::split(value, " ");
  if (words.size() != 5 || !text::iequals(words[0], "incl")) return {};
  return std::string(words[4]);
}

// "<payload type> <rest>" of an rtpmap or fmtp; nothing if it speaks of another format.
std::optional<std::string_view> for_format(std::string_view value, const PayloadFormat& format) {
  value = text::trim(value);
  const auto type = number<unsigned>(take(value, ' '));
  if (!type || *type != format.payload_type) return std::nullopt;
  return text::trim(value);
}

// <encoding>/<clock>[/<channels>]
void rtpmap(std::string_view value, PayloadFormat& format) {
  const auto encoding = take(value, '/');
  const auto clock = number<std::uint32_t>(take(value, '/'));
  if (encoding.empty() || !clock || *clock == 0) return;
  format.encoding = upper(encoding);
  format.clock_rate = *clock;
  const auto channels = number<unsigned>(value);
  constexpr unsigned kMostChannels = 8;
  if (channels && *channels >= 1 && *channels <= kMostChannels)
    format.channels = static_cast<std::uint16_t>(*channels);
}

// name=value; name=value
void fmtp(std::string_view value, PayloadFormat& format) {
  while (!value.empty()) {
    auto pair = text::trim(take(value, ';'));
    const auto name = text::trim(take(pair, '='));
    if (!name.empty()) format.parameters.insert_or_assign(text::lower(name), std::string(text::trim(pair)));
  }
}

void attribute(std::string_view value, SessionDescription& session, DescribedTrack* track) {
  const auto name = take(value, ':');
  if (text::iequals(name, "control")) {
    (track != nullptr ? track->control : session.control) = text::trim(value);
  } else if (track != nullptr && text::iequals(name, "rtpmap")) {
    if (const auto rest = for_format(value, track->format)) rtpmap(*rest, track->format);
  } else if (track != nullptr && text::iequals(name, "fmtp")) {
    if (const auto rest = for_format(value, track->format)) fmtp(*rest, track->format);
  } else if (track != nullptr && text::iequals(name, "framesize")) {
    if (const auto rest = for_format(value, track->format))
      track->format.parameters.insert_or_assign("framesize", std::string(*rest));
  } else if (track != nullptr && text::iequals(name, "x-dimensions")) {
    track->format.parameters.insert_or_assign("x-dimensions", std::string(text::trim(value)));
  }
}

}  // namespace

Result<SessionDescription> parse_sdp(std::string_view text) {
  SessionDescription session;
  DescribedTrack* track = nullptr;
  std::string group, source;   // of the session
  bool ignored_media = false;  // attributes behind a media line that is not ours
  bool secure = false;         // a media line wants SRTP
  std::size_t lines = 0;
  session.tracks.reserve(kMaxTracks);
  while (!text.empty() && lines++ < kMaxDescriptionLines) {
    const auto line = text::trim(take(text, '\n'));
    if (line.size() < 2 || line[1] != '=') continue;
    const auto value = line.substr(2);
    if (line[0] == 'm') {
      secure = secure || is_secure_rtp(value);
      auto described = media_line(value);
      ignored_media = !described || session.tracks.size() == kMaxTracks;
      if (ignored_media) continue;
      session.tracks.push_back(std::move(*described));
      track = &session.tracks.back();
      track->group = group;
      track->source = source;
    } else if (line[0] == 'c' && !ignored_media) {
      (track != nullptr ? track->group : group) = connection_address(value);
    } else if (line[0] == 'a' && !ignored_media && value.starts_with("source-filter:")) {
      constexpr std::size_t kName = 14;
      (track != nullptr ? track->source : source) = included_source(value.substr(kName));
    } else if (line[0] == 'a' && !ignored_media) {
      attribute(value, session, track);
    }
  }
  const auto playable = [](const DescribedTrack& t) { return t.format.kind != media::TrackKind::kMetadata; };
  if (std::ranges::any_of(session.tracks, playable)) return session;
  if (secure)
    return fail(ErrorCode::kProtocol,
                "the camera offers its media encrypted only (SRTP), which is not supported",
                "turn off SRTP in the camera's settings, or use its address with rtsps://");
  return fail(ErrorCode::kProtocol, "the session description names no video or audio over RTP");
}

std::string control_url(std::string_view base, std::string_view control) {
  if (control.empty() || control == "*") return std::string(base);
  if (control.find("://") != std::string_view::npos) return std::string(control);
  std::string result(base);
  if (!result.ends_with('/') && !control.starts_with('/')) result += '/';
  return result.append(control);
}

}  // namespace camctl::rtsp

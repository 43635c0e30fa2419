#include "librtsp/message.h"

#include <charconv>

#include "base/text.h"

namespace camctl::rtsp {
namespace {

template <class T>
std::optional<T> number(std::string_view digits, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// "5000-5001" or "5000" (then the second is the next one).
template <class T>
std::optional<std::pair<T, T>> number_pair(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = number<T>(text.substr(0, dash));
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos) return std::pair{*first, static_cast<T>(*first + 1)};
  const auto second = number<T>(text.substr(dash + 1));
  if (!second) return std::nullopt;
  return std::pair{*first, *second};
}

// Takes the next line off `rest`; nothing if no line end is there yet.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  auto line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_token(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
    if (!letter) return false;
  }
  return true;
}

bool parse_start_line(std::string_view line, Message& message) {
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return false;
  const auto first = line.substr(0, space);
  const auto rest = text::trim(line.substr(space + 1));
  if (first.starts_with("RTSP/1.") || first.starts_with("HTTP/1.")) {
    const auto code = number<int>(rest.substr(0, 3));
    if (!code || *code < 100 || *code > 999) return false;
    if (rest.size() > 3 && rest[3] != ' ') return false;
    message.status = *code;
    message.reason = text::trim(rest.substr(std::min<std::size_t>(rest.size(), 3)));
    return true;
  }
  const auto version = rest.rfind(' ');
  if (version == std::string_view::npos || !rest.substr(version + 1).starts_with("RTSP/1.")) return false;
  message.method = first;
  message.target = text::trim(rest.substr(0, version));
  return is_token(first) && !message.target.empty() && message.target.find(' ') == std::string_view::npos;
}

// Extends the last value over a folded line: both lie behind each other in the buffer.
void fold(Message& message, std::string_view line) {
  auto& value = message.headers.back().second;
  value = text::trim(std::string_view(value.begin(), line.end()));
}

Result<void> add_header(Message& message, std::string_view line) {
  if ((line.front() == ' ' || line.front() == '\t') && !message.headers.empty()) {
    fold(message, line);
    return {};
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  if (message.headers.size() == kMaxHeaders)
    return fail(ErrorCode::kLimit, "RTSP message has too many headers");
  message.headers.emplace_back(text::trim(line.substr(0, colon)), text::trim(line.substr(colon + 1)));
  return {};
}

void parse_transport_parameter(std::string_view parameter, Transport& transport) {
  const auto equals = parameter.find('=');
  const auto name = text::trim(parameter.substr(0, equals));
  const auto value =
      equals == std::string_view::npos ? std::string_view{} : text::trim(parameter.substr(equals + 1));
  if (text::iequals(name, "multicast")) transport.multicast = true;
  if (text::iequals(name, "interleaved")) transport.interleaved = number_pair<std::uint8_t>(value);
  if (text::iequals(name, "client_port")) transport.client_port = number_pair<std::uint16_t>(value);
  if (text::iequals(name, "server_port")) transport.server_port = number_pair<std::uint16_t>(value);
  if (text::iequals(name, "port")) transport.port = number_pair<std::uint16_t>(value);
  if (text::iequals(name, "source")) transport.source = value;
  if (text::iequals(name, "destination")) transport.destination = value;
  if (text::iequals(name, "ssrc")) transport.ssrc = number<std::uint32_t>(value, 16);
}

}  // namespace

std::string_view Message::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (text::iequals(key, name)) return value;
  return {};
}

std::optional<std::uint32_t> Message::cseq() const { return number<std::uint32_t>(header("CSeq")); }

Result<std::size_t> parse_message(std::string_view buffer, Message& message) {
  message = {};
  auto rest = buffer;
  const auto incomplete = [&]() -> Result<std::size_t> {
    if (buffer.size() > kMaxHeaderBytes) return fail(ErrorCode::kLimit, "RTSP header is too long");
    return 0;
  };
  std::optional<std::string_view> line;
  do {  // some peers end a body with an empty line that Content-Length does not count
    line = take_line(rest);
    if (!line) return incomplete();
  } while (line->empty());
  if (!parse_start_line(*line, message)) return fail(ErrorCode::kProtocol, "not an RTSP message");
  while (true) {
    line = take_line(rest);
    if (!line) return incomplete();
    if (line->empty()) break;
    if (auto added = add_header(message, *line); !added) return fail(added.error());
  }
  const auto header_size = buffer.size() - rest.size();
  if (header_size > kMaxHeaderBytes) return fail(ErrorCode::kLimit, "RTSP header is too long");
  std::size_t body_size = 0;
  if (const auto length = message.header("Content-Length"); !length.empty()) {
    const auto value = number<std::uint32_t>(length);
    if (!value) return fail(ErrorCode::kProtocol, "RTSP Content-Length is not a number");
    if (*value > kMaxBodyBytes) return fail(ErrorCode::kLimit, "RTSP body is too long");
    body_size = *value;
  }
  if (rest.size() < body_size) return 0;
  message.body = rest.substr(0, body_size);
  return header_size + body_size;
}

std::vector<Transport> parse_transports(std::string_view header) {
  std::vector<Transport> transports;
  for (const auto alternative : text::split(header, ",")) {
    if (transports.size() == kMaxTransports) break;
    const auto fields = text::split(alternative, ";");
    if (fields.empty()) continue;
    const auto spec = text::trim(fields.front());
    Transport transport;
    transport.tcp = text::iequals(spec, "RTP/AVP/TCP");
    if (!transport.tcp && !text::iequals(spec, "RTP/AVP") && !text::iequals(spec, "RTP/AVP/UDP")) continue;
    for (const auto field : fields) parse_transport_parameter(field, transport);
    transports.push_back(transport);
  }
  return transports;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Request Entity Too Large";
    case 415:
      return "Unsupported Media Type";
    case 454:
      return "Session Not Found";
    case 455:
      return "Method Not Valid in This State";
    case 459:
      return "Aggregate Operation Not Allowed";
    case 461:
      return "Unsupported Transport";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 551:
      return "Option not supported";
    default:
      return "Unknown";
  }
}

}  // namespace camctl::rtsp

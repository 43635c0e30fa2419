#include "apps/serve/http/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <nlohmann/json.hpp>

namespace camctl::apps::serve {
namespace {

constexpr std::array<std::string_view, 7> kMethods = {"GET",   "HEAD",   "POST",   "PUT",
                                                      "PATCH", "DELETE", "OPTIONS"};

}  // namespace

Method method_from(std::string_view text) {
  const auto found = std::find(kMethods.begin(), kMethods.end(), text);
  return static_cast<Method>(found - kMethods.begin());
}

std::string_view name(Method method) {
  const auto index = static_cast<std::size_t>(method);
  return index < kMethods.size() ? kMethods[index] : "";
}

const std::string& Params::text(std::string_view name) const {
  const auto found = std::find_if(texts.begin(), texts.end(), [&](const auto& p) { return p.first == name; });
  assert(found != texts.end());
  return found->second;
}

std::uint64_t Params::number(std::string_view name) const {
  const auto found =
      std::find_if(numbers.begin(), numbers.end(), [&](const auto& p) { return p.first == name; });
  assert(found != numbers.end());
  return found->second;
}

std::string_view Request::header(std::string_view lower_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_name) return value;
  return {};
}

std::size_t Request::header_count(std::string_view lower_name) const {
  return static_cast<std::size_t>(
      std::count_if(headers.begin(), headers.end(), [&](const auto& h) { return h.first == lower_name; }));
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 421:
      return "Misdirected Request";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

hls::BodyPtr make_body(std::string text) {
  auto owner = std::make_shared<const std::string>(std::move(text));
  auto body = std::make_shared<hls::Body>();
  body->pieces.emplace_back(reinterpret_cast<const std::uint8_t*>(owner->data()), owner->size());
  body->size = owner->size();
  body->owners.push_back(std::move(owner));
  return body;
}

Response text_response(int status, std::string content_type, std::string text) {
  Response response;
  response.status = status;
  response.content_type = std::move(content_type);
  response.body = make_body(std::move(text));
  return response;
}

Response error_response(int status, std::string_view code, std::string_view message, std::string_view hint) {
  const nlohmann::ordered_json json = {{"error", {{"code", code}, {"message", message}, {"hint", hint}}}};
  return text_response(status, "application/json",
                       json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

Response error_response(const Error& error) {
  return error_response(http_status(error.code), name(error.code), error.message, error.hint);
}

void Exchange::open_websocket(std::string, std::shared_ptr<WebSocketPeer>) {
  send(error_response(501, "unsupported", "this connection can't carry a WebSocket"));
}

void Exchange::open_stream(Response, std::shared_ptr<StreamPeer>) {
  send(error_response(501, "unsupported", "this connection can't carry a stream"));
}

std::string content_etag(std::string_view content) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : content) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("\"{:016x}\"", hash);
}

}  // namespace camctl::apps::serve

#include "apps/serve/http/reader.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "apps/serve/http/target.h"
#include "base/text.h"

namespace camctl::apps::serve {
namespace {

namespace http = boost::beast::http;

Response response_to(const boost::beast::error_code& error) {
  if (error == http::error::header_limit)
    return error_response(431, "header", "the request's header is too long");
  if (error == http::error::body_limit) return error_response(413, "body", "the request's body is too long");
  return error_response(400, "request", "malformed request: " + error.message());
}

// What a body's length may be said by; nothing where all is well. Ambiguous framing is how requests are
// smuggled past a proxy (RFC 9112 §6.1 and §6.3). Chunked bodies are refused as §6.1 allows: what is sent
// here is short and its length known, and the parser's reading of broken chunks has failed its own
// assertions.
std::optional<Response> check_framing(const http::request<http::string_body>& message) {
  const auto lengths = message.count(http::field::content_length);
  if (message.count(http::field::transfer_encoding) > 0) {
    if (lengths > 0 || message.version() < 11)
      return error_response(400, "request", "malformed request: its length is given in two ways");
    return error_response(411, "length", "a request's body needs a Content-Length");
  }
  if (lengths > 1 ||
      message[http::field::content_length].find_first_not_of("0123456789") != boost::beast::string_view::npos)
    return error_response(400, "request", "malformed request: its length is given twice");
  return std::nullopt;
}

}  // namespace

struct RequestReader::Parser {
  http::request_parser<http::string_body> http;
  bool continue_sent = false;
};

RequestReader::RequestReader() = default;
RequestReader::~RequestReader() = default;

RequestReader::Status RequestReader::feed(std::string& input) {
  if (!parser_) {
    // RFC 9112 §2.2: empty lines before a request are skipped.
    while (input.starts_with("\r\n")) input.erase(0, 2);
    if (input.empty() || input == "\r") return Status::kMore;
    parser_ = std::make_unique<Parser>();
    parser_->http.eager(false);  // stops behind the header, which is looked at before the body is read
    parser_->http.header_limit(kMaxHeaderBytes);
    parser_->http.body_limit(kMaxBodyBytes);
  }
  std::size_t used = 0;
  boost::beast::error_code error;
  while (!parser_->http.is_done() && used < input.size()) {
    const auto taken =
        parser_->http.put(boost::asio::buffer(input.data() + used, input.size() - used), error);
    used += taken;
    if (error == http::error::need_more) {
      error = {};
      break;
    }
    if (error) return reject(response_to(error));
    if (parser_->http.is_header_done())
      if (auto refused = check_framing(parser_->http.get())) return reject(std::move(*refused));
    if (taken == 0) break;
  }
  input.erase(0, used);
  return parser_->http.is_done() ? finish() : Status::kMore;
}

bool RequestReader::wants_continue() {
  if (!parser_ || parser_->continue_sent || !parser_->http.is_header_done()) return false;
  const auto& message = parser_->http.get();
  if (message.version() < 11 || !text::iequals(message[http::field::expect], "100-continue")) return false;
  return parser_->continue_sent = true;
}

RequestReader::Status RequestReader::finish() {
  auto& message = parser_->http.get();
  auto request = std::make_shared<Request>();
  request->method_text = std::string(message.method_string());
  request->method = method_from(request->method_text);
  request->target = std::string(message.target());
  request->http_1_0 = message.version() < 11;
  for (const auto& field : message)
    request->headers.emplace_back(text::lower(field.name_string()), std::string(field.value()));
  auto target = parse_target(request->target);
  if (!target) return reject(error_response(400, "target", target.error().message));
  request->segments = std::move(target->segments);
  request->query = std::move(target->query);
  if (!target->authority.empty()) {  // RFC 9112 §3.2.2: the absolute form wins over the Host field
    std::erase_if(request->headers, [](const auto& field) { return field.first == "host"; });
    request->headers.emplace_back("host", std::move(target->authority));
  }
  request->websocket = text::lower(request->header("upgrade")).find("websocket") != std::string::npos;
  request->body = std::move(message.body());
  keep_alive_ = !request->http_1_0 && message.keep_alive();
  request_ = std::move(request);
  parser_.reset();
  return Status::kDone;
}

RequestReader::Status RequestReader::reject(Response response) {
  error_ = std::move(response);
  parser_.reset();
  return Status::kFailed;
}

std::shared_ptr<Request> RequestReader::take() { return std::move(request_); }

}  // namespace camctl::apps::serve

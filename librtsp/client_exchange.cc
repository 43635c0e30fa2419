// Requests and their replies while a session is set up.
#include <fmt/format.h>

#include "base/base64.h"
#include "base/text.h"
#include "librtsp/client_session.h"

namespace camctl::rtsp {
namespace {

constexpr std::size_t kReadSize = tls::Session::kRecord;
// A message whose header is short of its bound, and a whole body.
constexpr std::size_t kMostPending = kMaxHeaderBytes + kMaxBodyBytes;

}  // namespace

std::string_view ClientSession::Reply::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (text::iequals(key, name)) return value;
  return {};
}

std::vector<std::string> ClientSession::Reply::all(std::string_view name) const {
  std::vector<std::string> result;
  for (const auto& [key, value] : headers)
    if (text::iequals(key, name)) result.push_back(value);
  return result;
}

std::string ClientSession::request(std::string_view method, const std::string& target,
                                   std::string_view headers) {
  std::string text = fmt::format("{} {} RTSP/1.0\r\nCSeq: {}\r\nUser-Agent: {}\r\n", method, target, ++cseq_,
                                 options_.user_agent);
  if (!session_id_.empty()) text += fmt::format("Session: {}\r\n", session_id_);
  if (const auto authorization = auth_.authorization(method, target))
    text += fmt::format("Authorization: {}\r\n", *authorization);
  return text.append(headers).append("\r\n");
}

// The time for the step that begins. When it is over, everything in flight fails.
void ClientSession::set_deadline() {
  deadline_.after(options_.timeout, [this] {
    timed_out_ = true;
    resolver_.cancel();
    wire_.close();
    if (post_) post_->close();
  });
}

ClientSession::Task<> ClientSession::write(std::string text) {
  if (!queue(text))
    co_return fail(ErrorCode::kNetwork, fmt::format("{} does not take our requests", where()));
  co_return co_await flush(post_ ? *post_ : wire_);
}

bool ClientSession::queue(const std::string& text) {
  return post_ ? post_->queue(base64_encode(text)) : wire_.queue(text);
}

// Frames that come between the replies are media that was early.
ClientSession::Task<ClientSession::Reply> ClientSession::read_reply() {
  reply_.reset();
  while (true) {
    auto used = parser_.consume(pending_, *this);
    if (!used) co_return fail(where(), used.error());
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(*used));
    if (stopped_) co_return fail(ErrorCode::kCancelled, "stopped");
    if (reply_) co_return std::move(*reply_);
    if (pending_.size() > kMostPending)
      co_return fail(ErrorCode::kLimit, fmt::format("{} sends a reply without end", where()));
    if (auto more = co_await read_more(); !more) co_return fail(more.error());
  }
}

// Adds to `pending_`; waits until there is something.
ClientSession::Task<> ClientSession::read_more() {
  while (true) {
    const std::size_t size = pending_.size();
    pending_.resize(size + kReadSize);
    const auto got = wire_.read(std::span(pending_).subspan(size));
    pending_.resize(size + (got ? got->bytes : 0));
    if (!got) co_return fail(where(), got.error());
    if (got->bytes > 0) co_return Result<void>{};
    if (got->closed) co_return fail(ErrorCode::kNetwork, fmt::format("{} closed the connection", where()));
    if (auto ready = co_await wait(wire_, got->need); !ready) co_return ready;
  }
}

ClientSession::Task<ClientSession::Reply> ClientSession::exchange_once(std::string_view method,
                                                                       const std::string& target,
                                                                       const std::string& headers) {
  set_deadline();
  if (auto written = co_await write(request(method, target, headers)); !written)
    co_return fail(written.error());
  co_return co_await read_reply();
}

// Answers a 401 with the strongest scheme, with a weaker one where that is refused, and never twice with the
// same: cameras lock accounts (quirk 57).
ClientSession::Task<ClientSession::Reply> ClientSession::exchange(std::string_view method, std::string target,
                                                                  std::string headers) {
  auto reply = co_await exchange_once(method, target, headers);
  if (!reply || reply->status != 401) co_return reply;
  if (auto accepted = auth_.challenge(reply->all("WWW-Authenticate")); !accepted) {
    auto error = accepted.error();
    error.hint = "set the camera's user and password; some cameras have separate users for RTSP";
    co_return fail(where(), error);
  }
  reply = co_await exchange_once(method, target, headers);
  // One more try with a weaker scheme, for cameras that offer one they can't do.
  if (reply && reply->status == 401 && auth_.fall_back())
    reply = co_await exchange_once(method, target, headers);
  if (reply && reply->status == 401)
    co_return fail(
        ErrorCode::kAuth, fmt::format("{}: the credentials were refused", where()),
        "check the camera's user and password; it is not tried again at once, so that no account is locked");
  if (reply) auth_.accepted();
  co_return reply;
}

void ClientSession::on_message(const Message& message) {
  if (message.is_request()) return answer(message);
  if (playing_) return;  // a reply to keep-alive
  Reply reply{.status = message.status,
              .reason = std::string(message.reason),
              .headers = {},
              .body = std::string(message.body)};
  for (const auto& [name, value] : message.headers) reply.headers.emplace_back(name, value);
  reply_ = std::move(reply);
}

}  // namespace camctl::rtsp

// The client's side of a tunnel.
#include <fmt/format.h>

#include <random>

#include "base/text.h"
#include "librtsp/client_session.h"
#include "librtsp/http_tunnel.h"

namespace camctl::rtsp {
namespace {

// What the POST claims to carry: it goes on for as long as the session lasts, as all clients have it.
constexpr unsigned kClaimedLength = 32'767;
constexpr int kAttempts = 2;  // without and with credentials

std::string make_cookie() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}{:08x}", device(), device(), device());
}

}  // namespace

std::string ClientSession::tunnel_request(std::string_view method, std::string_view cookie,
                                          std::string_view headers) {
  const std::string target = url_.target.empty() ? "/" : url_.target;
  std::string text = fmt::format("{} {} HTTP/1.0\r\nHost: {}\r\nUser-Agent: {}\r\n{}: {}\r\n", method, target,
                                 url_.authority(), options_.user_agent, kCookieHeader, cookie);
  if (const auto authorization = auth_.authorization(method, target))
    text += fmt::format("Authorization: {}\r\n", *authorization);
  return text.append(headers).append("Cache-Control: no-cache\r\n\r\n");
}

// Both connections. Some cameras want their user already here, most inside only.
ClientSession::Task<> ClientSession::open_tunnel() {
  const auto cookie = make_cookie();
  for (int attempt = 1;; ++attempt) {
    const auto status = co_await begin_tunnel(cookie);
    if (!status) co_return fail(status.error());
    if (*status == 200) break;
    if (*status != 401 || attempt == kAttempts)
      co_return fail(*status == 401 ? ErrorCode::kAuth : ErrorCode::kProtocol,
                     fmt::format("{} refuses RTSP over HTTP with {}", where(), *status),
                     *status == 401 ? "check the camera's user and password" : "use another transport");
    wire_.close();
    pending_.clear();
    if (auto dialled = co_await dial(wire_); !dialled) co_return dialled;
  }
  auth_.accepted();
  post_.emplace(loop_.context());
  if (auto dialled = co_await dial(*post_); !dialled) co_return dialled;
  // Not through write(): this head is no base64.
  post_->queue(
      tunnel_request("POST", cookie,
                     fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", kTunnelType, kClaimedLength)));
  co_return co_await flush(*post_);
}

ClientSession::Task<int> ClientSession::begin_tunnel(const std::string& cookie) {
  wire_.queue(tunnel_request("GET", cookie, fmt::format("Accept: {}\r\nPragma: no-cache\r\n", kTunnelType)));
  if (auto sent = co_await flush(wire_); !sent) co_return fail(sent.error());
  while (true) {
    HttpHead head;
    const auto used =
        parse_http_head({reinterpret_cast<const char*>(pending_.data()), pending_.size()}, head);
    if (!used) co_return fail(where(), used.error());
    if (*used > 0 && head.status == 0)
      co_return fail(ErrorCode::kProtocol, fmt::format("{} does not answer in HTTP", where()));
    if (*used > 0) {
      std::vector<std::string> challenges;
      for (const auto& [name, value] : head.headers)
        if (text::iequals(name, "WWW-Authenticate")) challenges.emplace_back(value);
      const int status = head.status;
      pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(*used));
      if (status == 401)
        if (auto accepted = auth_.challenge(challenges); !accepted) co_return fail(where(), accepted.error());
      co_return status;
    }
    if (auto more = co_await read_more(); !more) co_return fail(more.error());
  }
}

}  // namespace camctl::rtsp

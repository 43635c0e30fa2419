// One HTTP request after another to one device, by libcurl. Knows nothing of SOAP or credentials.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/tls.h"
#include "base/url.h"

namespace camctl::onvif {

struct HttpOptions {
  std::chrono::milliseconds connect_timeout{4000}, call_timeout{10'000};
  bool verify_tls = false;  // quirk 40
  std::size_t max_reply_bytes = 4u << 20;
  std::string interface;  // to send from; empty: as the system routes
  std::optional<tls::KeyPin> tls_pin =
      {};  // the key that a device must have over https; nothing: any will do
  // Told, once, of the key of a device that nobody vouches for: neither a pin nor `verify_tls`.
  std::function<void(const tls::KeyPin&)> unverified = {};
};

struct HttpRequest {
  std::string content_type;
  std::vector<std::string> headers;  // "Name: value"
  std::string_view body;
};

struct HttpReply {
  int status = 0;
  std::string body;
  std::string date, location;                 // headers; empty if absent
  std::vector<std::string> www_authenticate;  // at most kMaxChallenges
  std::string content_type;
  bool hung_up = false;    // the connection had been closed unannounced since the last reply (quirk 33)
  bool untrusted = false;  // by https, and nobody vouches for the certificate (quirk 40)
};

// Where a redirect leads; nothing if it is none, or leads to another host: a request may carry credentials,
// and the reply names addresses.
std::optional<Url> redirected(const Url& url, const HttpReply& reply);
inline constexpr int kMaxRedirects = 3;  // http to https, and a path or two

// One connection at a time, kept open between posts. Not thread-safe.
class HttpTransport {
 public:
  explicit HttpTransport(HttpOptions options);
  ~HttpTransport();
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;

  // Blocks. Any status is a reply. Sends Content-Length, never chunks, never credentials of its own, no
  // proxy, and the target byte for byte (quirks 34, 43, 51); an empty target is "/" (quirk 66). Repeats once
  // where the connection ended before a byte of the reply (quirk 33). kTimeout, kNetwork, kLimit, kCancelled,
  // kProtocol where the device has another key than the pinned one: it has been told nothing then.
  Result<HttpReply> post(const Url& url, const HttpRequest& request, const std::stop_token& stop,
                         std::chrono::steady_clock::time_point deadline);
  // The same for GET. `headers` as in HttpRequest. A body that breaks off is an error (kNetwork).
  Result<HttpReply> get(const Url& url, const std::vector<std::string>& headers, const std::stop_token& stop,
                        std::chrono::steady_clock::time_point deadline);

 private:
  struct Impl;
  Result<HttpReply> perform(const Url& url, const std::vector<std::string>& headers,
                            const std::optional<std::string_view>& body, const std::stop_token& stop,
                            std::chrono::steady_clock::time_point deadline);

  std::unique_ptr<Impl> impl_;
};

}  // namespace camctl::onvif

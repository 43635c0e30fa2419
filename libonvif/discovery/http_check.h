// Asks many addresses for the date at once, without credentials.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "libonvif/discovery/reply.h"

namespace camctl::onvif::discovery {

struct HttpOutcome {
  bool connected = false;  // a TCP connection came about
  bool answered = false;   // an HTTP answer came
  long status = 0;
  std::string redirect;  // where a 3xx points to, if it is the same host (quirk 41)
  std::string failure;   // why nothing came
  DateReply reply;
};

// One curl_multi. Not thread-safe; callbacks run inside run() on its thread, and may post again.
class HttpCheck {
 public:
  using Done = std::function<void(const HttpOutcome&)>;

  // Uses `interface` only, if it is not empty.
  HttpCheck(std::chrono::milliseconds timeout, const std::string& interface);
  ~HttpCheck();
  HttpCheck(const HttpCheck&) = delete;
  HttpCheck& operator=(const HttpCheck&) = delete;

  // Queues a POST of the date request to an http(s) URL. No proxy is ever used, certificates are not looked
  // at (quirk 40: nothing secret is sent), redirects are reported and not followed.
  void post(const std::string& url, Done done);
  std::size_t pending() const;

  // Works until something happens, `timeout` passes or `fd` becomes readable.
  void run(int fd, std::chrono::milliseconds timeout);

  static constexpr std::size_t kMaxAtOnce = 64;        // descriptors and TLS handshakes at a time
  static constexpr std::size_t kMaxReply = 64 * 1024;  // a date takes 2 KB; the rest of a page is not read

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace camctl::onvif::discovery

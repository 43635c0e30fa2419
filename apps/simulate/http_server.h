// A small HTTP/1.1 server: one listening socket for each camera, one handler behind each.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/event_loop.h"
#include "base/result.h"
#include "base/tls.h"
#include "libonvif/virtual_device.h"

namespace camctl::simulate {

// Keep-alive, bodies with a length or chunked, bounds and time-outs on all that a client sends. Handlers run
// on the loop's thread; all calls on it too.
class HttpServer {
 public:
  // A reply that is not due yet (SoapReply::later) is waited for; one with status 0 closes the connection
  // without a word, like a device that is off.
  using Handler = std::function<onvif::SoapReply(const onvif::SoapRequest&)>;

  // Each reply leaves `latency` after its request; inside TLS where there is `tls`.
  explicit HttpServer(EventLoop& loop, std::chrono::milliseconds latency = {},
                      std::shared_ptr<const tls::Context> tls = {});
  ~HttpServer();  // closes every connection

  // Listens at one more address. kIo with address and port when that can't be had.
  Result<void> listen(const std::string& address, std::uint16_t port, Handler handler);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with the connections that are under way
};

}  // namespace camctl::simulate

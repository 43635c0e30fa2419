// A DeviceSession whose device is a virtual one in the same process, with a clock that runs when it is told
// to.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "libonvif/device_session.h"
#include "libonvif/virtual_device.h"
#include "tests/libonvif/virtual_device_fixture.h"

namespace camctl::onvif {

struct SessionBench {
  static inline const std::string kUnsigned = ::camctl::onvif::soap(tds("GetDeviceInformation"));
  using SystemTime = std::chrono::system_clock::time_point;
  using SteadyTime = std::chrono::steady_clock::time_point;

  explicit SessionBench(VirtualDeviceConfig config = test_device(), Credentials credentials = {})
      : device([&] {
          config.clock = [this] { return kTestTime + elapsed; };
          return config;
        }()),
        session([this](const Url& url, const HttpRequest& request) { return post(url, request); },
                std::move(credentials)) {
    const Result<void> found = session.find_service({.xaddrs = {"http://127.0.0.2:8000/onvif/device_service"},
                                                     .ip = "127.0.0.2",
                                                     .endpoint = {},
                                                     .name = {},
                                                     .mac = {}});
    REQUIRE(found);
    static_cast<void>(session.find_services());
  }

  Result<HttpReply> post(const Url& url, const HttpRequest& request) {
    urls.push_back(url.to_string());
    bodies.emplace_back(request.body);
    SoapRequest soap{"POST", url.target, request.content_type, {}, request.body};
    for (const auto& line : request.headers)
      if (line.starts_with("Authorization: ")) soap.authorization = std::string_view(line).substr(15);
    if (!soap.authorization.empty() || request.body.find("UsernameToken") != std::string_view::npos) ++logins;
    if (silent) return fail(ErrorCode::kNetwork, "nobody is there");
    if (!without.empty() && request.body.find(without) != std::string_view::npos) {
      HttpReply missing;
      missing.status = 404;
      return missing;
    }
    if (refuse_all && request.body.find("UsernameToken") != std::string_view::npos) soap.body = kUnsigned;
    auto answer = device.handle(soap);
    while (answer.later) {  // waiting takes no time here
      elapsed += answer.after;
      answer = std::exchange(answer.later, nullptr)();
    }
    HttpReply reply;
    reply.status = answer.status;
    reply.body = std::move(answer.body);
    for (auto& [name, value] : answer.headers)
      if (name == "WWW-Authenticate") reply.www_authenticate.push_back(value);
    return reply;
  }

  SteadyTime steady() const { return SteadyTime(std::chrono::hours(1)) + elapsed; }

  // How many requests had this text in their body.
  std::size_t sent(std::string_view text) const {
    std::size_t count = 0;
    for (const auto& body : bodies) count += body.find(text) != std::string::npos ? 1 : 0;
    return count;
  }

  std::chrono::milliseconds elapsed{0};
  VirtualDevice device;
  DeviceSession session;
  std::vector<std::string> urls, bodies;  // of all requests
  int logins = 0;
  bool silent = false;
  bool refuse_all = false;  // every token
  std::string without;      // requests with this text in them find nothing: a service that is only listed
};

inline VirtualDeviceConfig test_device_with(std::set<int> quirks) {
  auto config = test_device();
  config.quirks = std::move(quirks);
  return config;
}

}  // namespace camctl::onvif

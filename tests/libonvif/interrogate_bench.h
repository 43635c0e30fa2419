// interrogate() against a virtual device in the same process.
#pragma once

#include <string>
#include <utility>

#include "libonvif/interrogate.h"
#include "libonvif/virtual_device.h"

namespace camctl::onvif {

inline VirtualDeviceConfig camera() {
  VirtualDeviceConfig config;
  config.endpoint = "urn:uuid:00000000-0000-4000-8000-000000000001";
  config.name = "Front door";
  config.manufacturer = "camctl";
  config.firmware = "1.0";
  config.serial = "SN1";
  config.address = "127.0.0.2";
  config.mac = "02:00:5e:00:00:01";
  config.credentials = {"admin", Secret{"se&cret"}};
  VirtualProfile main{"main", "PROFILE_1", "/live/channel0"};
  main.width = 1920;
  main.height = 1080;
  main.fps = 25;
  main.bitrate_kbps = 2048;
  main.gop = 50;
  main.audio = media::Codec::kAac;
  main.audio_sample_rate = 16000;
  VirtualProfile sub = main;
  sub.token = "sub";
  sub.name = "PROFILE_2";
  sub.rtsp_path = "/live/channel1";
  sub.width = 640;
  sub.height = 360;
  config.profiles = {main, sub};
  return config;
}

// A virtual device at the other end of a SoapClient, and what reached it.
struct Bench {
  explicit Bench(VirtualDeviceConfig config) : device(std::move(config)) {}

  Result<HttpReply> post(const Url& url, const HttpRequest& request) {
    ++requests;
    const std::string host = url.authority(), target = url.target.empty() ? "/" : url.target;
    SoapRequest soap{"POST", target, request.content_type, {}, request.body, host};
    for (const auto& line : request.headers)
      if (line.starts_with("Authorization: ")) soap.authorization = std::string_view(line).substr(15);
    if (request.body.find("se&amp;cret") != std::string_view::npos) ++clear;
    if (!soap.authorization.empty() || request.body.find("UsernameToken") != std::string_view::npos) ++logins;
    auto answer = device.handle(soap);
    while (answer.later) answer = std::exchange(answer.later, nullptr)();  // waiting takes no time here
    HttpReply reply;
    reply.status = answer.status;
    reply.body = std::move(answer.body);
    reply.content_type = answer.content_type;
    for (auto& [name, value] : answer.headers) {
      if (name == "WWW-Authenticate") reply.www_authenticate.push_back(value);
      if (name == "Date") reply.date = value;
    }
    return reply;
  }

  Result<DeviceDescription> ask(const Credentials& credentials = {"admin", Secret{"se&cret"}},
                                bool allow_plain = false) {
    DeviceTarget target;
    target.xaddrs = {"http://127.0.0.2:8000/onvif/device_service"};
    target.ip = "127.0.0.2";
    InterrogateOptions options;
    options.credentials = credentials;
    options.allow_plain = allow_plain;
    return interrogate_by([this](const Url& url, const HttpRequest& request) { return post(url, request); },
                          target, options);
  }

  VirtualDevice device;
  int requests = 0, logins = 0, clear = 0;  // clear: with the password itself
};

}  // namespace camctl::onvif

#include "libonvif/virtual_device.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "libonvif/soap/server.h"
#include "libonvif/virtual_device_bindings.h"
#include "libonvif/virtual_device_discovery.h"
#include "libonvif/virtual_device_identity.h"
#include "libonvif/virtual_device_login.h"
#include "libonvif/virtual_device_malformed.h"
#include "libonvif/virtual_device_quirks.h"
#include "libonvif/virtual_device_refusals.h"
#include "libonvif/virtual_device_reply.h"

namespace camctl::onvif {
namespace {

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

bool is_service_path(const VirtualDeviceConfig& config, std::string_view path) {
  if (config.quirks.contains(66)) return path == "/" || path.starts_with("/onvif/");
  return path == virtual_device_path(config) || path == kMediaPath || path == kMedia2Path ||
         path == kEventsPath || path == kPtzPath || path == kImagingPath ||
         path.starts_with(kSubscriptionPath);
}

// Quirk 14: what such a device does not hear is the first probe of each of a client's three kinds.
constexpr unsigned kLostProbes = 3;
constexpr std::chrono::milliseconds kLateAnswer{500};  // APP_MAX_DELAY (WS-Discovery 2005/04 §2.4)

constexpr std::chrono::milliseconds kSlowAnswer{50};  // quirk 42

Addressing addressing_of(const SoapContext& context) {
  const auto* header = context.get()->header;
  if (!header) return {};
  return {header->wsa5__Action, header->wsa5__MessageID, header->sim__SubscriptionId};
}

// Topics are qualified names in text, whose prefix gSOAP does not see.
void declare_topics(std::string& body) {
  constexpr std::string_view kTopic = "<wsnt:Topic ";
  constexpr std::string_view kDeclaration = R"(xmlns:tns1="http://www.onvif.org/ver10/topics" )";
  for (auto at = body.find(kTopic); at != std::string::npos; at = body.find(kTopic, at + kTopic.size()))
    body.insert(at + kTopic.size(), kDeclaration);
}

// Not all that failed to be read was XML: the reason tells which.
SoapFault unreadable(const SoapContext& context) {
  return {Blame::kSender, "ter:WellFormed", {}, context.error_text()};
}

}  // namespace

struct VirtualDevice::Impl {
  explicit Impl(VirtualDeviceConfig the_config)
      : config(std::move(the_config)),
        state(with_bad_text(config)),
        login(config),
        instance_id(unix_seconds()) {}

  SoapReply answer(const SoapRequest& request);
  SoapReply run(SoapContext& context, const SoapRequest& request, EventService::Wait wait);
  SoapReply hold_back(const SoapRequest& request, EventService::Wait wait);
  SoapReply finish(SoapReply reply);
  SoapReply take_time(SoapReply reply);
  std::uint64_t unix_seconds() const {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(config.clock().time_since_epoch()).count());
  }
  AppSequence next_message() { return {instance_id, ++messages}; }

  const VirtualDeviceConfig config;
  VirtualState state;  // what the services tell and change
  VirtualLogin login;
  std::uint64_t instance_id;
  std::uint64_t messages = 0;
  bool silenced = false;     // quirk 5
  unsigned probes_lost = 0;  // quirk 14
  bool busy = false;         // quirk 42
};

// Answers by SOAP whatever came.
SoapReply VirtualDevice::Impl::answer(const SoapRequest& request) {
  // curl sends the first request without its body, to be challenged.
  if (request.body.empty() && login.asks_for_digest() && !login.admits(request))
    return login.refusal(request);
  if (auto refusal = refuse_form(config, request)) return std::move(*refusal);
  SoapContext context;  // of this request only: 164 KB that a thousand devices need not hold
  if (!open_envelope(context, request.body)) return fault_reply(unreadable(context));
  const auto operation = std::string(body_element(context));
  if (auto refusal = refuse_operation(config, request, operation)) return std::move(*refusal);
  if (!login.admits(context, request, operation, virtual_now(state.config))) return login.refusal(request);
  return run(context, request, {});
}

// Runs the operation of the opened request.
SoapReply VirtualDevice::Impl::run(SoapContext& context, const SoapRequest& request,
                                   EventService::Wait wait) {
  const Addressing addressing = addressing_of(context);
  if (!config.quirks.contains(38)) context.get()->header = nullptr;  // gSOAP would send it back
  wait.until.reset();
  DeviceService device(context.get(), state);
  MediaService media(context.get(), state);
  Media2Service media2(context.get(), state);
  EventService events(context.get(), state, addressing, path_of(request.target), wait);
  PtzService ptz(context.get(), state, addressing);
  ImagingService imaging(context.get(), state);
  std::vector<std::function<int()>> services{
      [&] { return device.dispatch(); }, [&] { return media.dispatch(); }, [&] { return media2.dispatch(); }};
  if (config.events) services.emplace_back([&] { return events.dispatch(); });
  if (config.ptz) services.emplace_back([&] { return ptz.dispatch(); });
  if (config.imaging) services.emplace_back([&] { return imaging.dispatch(); });
  const int status = dispatch(context, services);
  SoapReply reply;
  reply.body = context.take();
  if (status == SOAP_OK && wait.until) return hold_back(request, wait);
  if (status == SOAP_OK) {
    declare_topics(reply.body);
    return reply;
  }
  for (const auto& fault : {device.fault, media.fault, media2.fault, events.fault, ptz.fault, imaging.fault})
    if (fault) return fault_reply(*fault);
  if (status == SOAP_NO_METHOD)
    return fault_reply(
        {Blame::kSender, "ter:ActionNotSupported", {}, "this device does not know the operation"});
  return fault_reply(unreadable(context));
}

// The request is run again when there may be something new; it was authorized once.
SoapReply VirtualDevice::Impl::hold_back(const SoapRequest& request, EventService::Wait wait) {
  SoapReply reply;
  reply.after = std::max(std::chrono::ceil<std::chrono::milliseconds>(*wait.until - state.now()),
                         std::chrono::milliseconds{1});
  reply.later = [this, target = std::string(request.target), body = std::string(request.body), wait] {
    SoapContext context;
    if (!open_envelope(context, body)) return finish(fault_reply(unreadable(context)));
    return finish(run(context, {"POST", target, {}, {}, body}, wait));
  };
  return reply;
}

// What is done to every reply that is due.
SoapReply VirtualDevice::Impl::finish(SoapReply reply) {
  if (reply.later) return reply;
  malform(reply, config.quirks);
  const auto now = std::chrono::system_clock::to_time_t(virtual_now(state.config));
  reply.headers.emplace_back("Date", fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", fmt::gmtime(now)));
  reply.hangs_up = config.quirks.contains(33);
  reply.chunked = config.quirks.contains(34);
  return config.quirks.contains(42) ? take_time(std::move(reply)) : reply;
}

// Quirk 42: whoever asks meanwhile gets nothing.
SoapReply VirtualDevice::Impl::take_time(SoapReply reply) {
  busy = true;
  SoapReply slow;
  slow.after = kSlowAnswer;
  slow.later = [this, reply = std::move(reply)] {
    busy = false;
    return reply;
  };
  return slow;
}

VirtualDevice::VirtualDevice(VirtualDeviceConfig config) : impl_(std::make_unique<Impl>(std::move(config))) {}
VirtualDevice::~VirtualDevice() = default;

SoapReply VirtualDevice::handle(const SoapRequest& request) {
  if (impl_->busy) return {.status = 0, .headers = {}, .body = {}};
  if (!is_service_path(impl_->config, path_of(request.target)))
    return plain_reply(404, "no ONVIF service here\n");
  if (request.method != "POST") {
    auto reply = plain_reply(405, "SOAP requests are sent by POST\n");
    reply.headers.emplace_back("Allow", "POST");
    return reply;
  }
  return impl_->finish(impl_->answer(request));
}

std::optional<SoapReply> VirtualDevice::refuse(const SoapRequest& request) {
  if (impl_->login.admits(request)) return std::nullopt;
  return impl_->login.challenge(request);
}

void VirtualDevice::restart() {
  impl_->state.events = VirtualEvents(impl_->state.now(), impl_->config.motion_rhythm);
  impl_->instance_id = impl_->unix_seconds();
  impl_->messages = 0;
}

std::string VirtualDevice::hello() const { return hello_message(impl_->config, impl_->next_message()); }
std::string VirtualDevice::bye() const { return bye_message(impl_->config, impl_->next_message()); }

DiscoveryAnswer VirtualDevice::answer(const DiscoveryQuery& query, bool multicast) const {
  const auto& config = impl_->config;
  const auto has = [&](int quirk) { return config.quirks.contains(quirk); };
  if (has(5) && query.empty_types) impl_->silenced = true;
  if (impl_->silenced || leaves_unanswered(query, multicast, config.quirks) ||
      !matches(query, config.endpoint, virtual_scopes(config)))
    return {};
  if (has(14) && impl_->probes_lost++ < kLostProbes) return {};
  auto message = match_message(config, query, impl_->next_message());
  malform_discovery(message, query, config.quirks);
  DiscoveryAnswer answer;
  if (has(24)) {
    const auto half = message.size() / 2;
    answer.datagrams = {message.substr(0, half), message.substr(half)};
  } else {
    answer.datagrams.assign(has(17) ? 3 : 1, message);
  }
  if (has(14)) answer.delay = kLateAnswer;
  return answer;
}

std::string VirtualDevice::probe_matches(std::string_view datagram) const {
  const auto query = parse_discovery_query(datagram);
  std::string text;
  if (query)
    for (const auto& part : answer(*query, true).datagrams) text += part;
  return text;
}

const VirtualDeviceConfig& VirtualDevice::config() const { return impl_->config; }

}  // namespace camctl::onvif

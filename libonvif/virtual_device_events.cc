// The event service: pull points (ONVIF Core §9.2).
#include <fmt/format.h>

#include <algorithm>

#include "libonvif/lenient.h"
#include "libonvif/soap/reply_reader.h"
#include "libonvif/virtual_device_bindings.h"
#include "libonvif/virtual_device_identity.h"
#include "libonvif/wsse.h"

namespace camctl::onvif {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kDefaultTermination{60'000};
constexpr milliseconds kLongestTermination{3'600'000};
constexpr milliseconds kLongestPull{60'000};
constexpr std::size_t kMostMessages = 100;

const char* kDialect = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet";

// WS-BaseNotification §6.1: such a subscription is no more, or never was.
SoapFault unknown_subscription() {
  return {Blame::kSender, "ter:InvalidArgVal", "ter:ResourceUnknown", "there is no such subscription"};
}

void add_item(struct soap* soap, tt__ItemList*& list, const char* name, std::string value) {
  if (!list) list = soap_new_tt__ItemList(soap);
  _tt__ItemList_SimpleItem item;
  item.Name = name;
  item.Value = std::move(value);
  list->SimpleItem.push_back(std::move(item));
}

wsnt__NotificationMessageHolderType* motion_message(struct soap* soap, const VirtualEvents::Change& change,
                                                    std::string when) {
  auto* holder = soap_new_wsnt__NotificationMessageHolderType(soap);
  holder->Topic = soap_new_wsnt__TopicExpressionType(soap);
  holder->Topic->Dialect = kDialect;
  holder->Topic->__item = "tns1:VideoSource/MotionAlarm";
  holder->Message = soap_new__wsnt__NotificationMessageHolderType_Message(soap);
  auto* message = holder->Message->tt__Message = soap_new__tt__Message(soap);
  message->UtcTime = std::move(when);
  message->PropertyOperation = change.initial ? "Initialized" : "Changed";
  add_item(soap, message->Source, "Source", "VideoSource_1");
  add_item(soap, message->Data, "State", change.motion ? "true" : "false");
  return holder;
}

}  // namespace

std::string EventService::time_text(VirtualTime when) const {
  if (config_.quirks.contains(90)) return "2485-13-13T00:61:16Z";
  return format_created(when + config_.clock_skew);
}

void EventService::answer_addressing(const char* action) {
  auto* header = soap->header = soap_new_SOAP_ENV__Header(soap);
  header->wsa5__Action = action;
  header->wsa5__RelatesTo = addressing_.message_id;
}

// Without WS-Addressing some devices answer nothing but this (quirk 91).
bool EventService::wants_addressing() {
  if (!config_.quirks.contains(91) || (addressing_.action && addressing_.message_id)) return false;
  fault = SoapFault{
      Blame::kSender, "wsa5:MessageAddressingHeaderRequired", {}, "a header of WS-Addressing is missing"};
  return true;
}

// Which subscription a request is for: by its address, or by a reference parameter (quirk 87).
VirtualEvents::Subscription* EventService::subscription() {
  if (wants_addressing()) return nullptr;
  std::string id = std::string(target_.substr(std::min(target_.size(), kSubscriptionPath.size())));
  if (!target_.starts_with(kSubscriptionPath)) id.clear();
  if (config_.quirks.contains(87)) id = addressing_.subscription.value_or("");
  auto* found = state_.events.find(id, state_.now());
  if (!found) fault = unknown_subscription();
  subscription_id_ = id;
  return found;
}

std::optional<milliseconds> EventService::termination(const std::optional<std::string>& asked) {
  if (!asked) return kDefaultTermination;
  auto lasts = parse_duration(*asked);
  if (!lasts)
    if (const auto absolute = parse_date_time(*asked))
      lasts = std::chrono::duration_cast<milliseconds>(*absolute - virtual_now(config_));
  if (lasts && lasts->count() > 0) return std::min(*lasts, kLongestTermination);
  fault = SoapFault{Blame::kSender, "ter:InvalidArgVal", {}, "unacceptable termination time"};
  return std::nullopt;
}

int EventService::CreatePullPointSubscription(_tev__CreatePullPointSubscription* request,
                                              _tev__CreatePullPointSubscriptionResponse& reply) {
  if (wants_addressing()) return SOAP_FAULT;
  const auto lasts = termination(request ? request->InitialTerminationTime : std::nullopt);
  if (!lasts) return SOAP_FAULT;
  const auto id = state_.events.create(state_.now(), *lasts);
  if (!id) {
    fault = SoapFault{Blame::kReceiver, "ter:Action", "ter:MaxNotificationConsumers", "too many pull points"};
    return SOAP_FAULT;
  }
  auto& reference = reply.SubscriptionReference.emplace();
  auto shown = config_;
  if (config_.quirks.contains(88)) shown.nat = true;
  const bool by_reference = config_.quirks.contains(87);
  reference.Address =
      virtual_http_url(shown, by_reference ? std::string(kEventsPath) : std::string(kSubscriptionPath) + *id);
  reference.ReferenceParameters = nullptr;
  if (by_reference) {
    reference.ReferenceParameters = soap_new_wsa5__ReferenceParametersType(soap);
    reference.ReferenceParameters->sim__SubscriptionId = *id;
  }
  reply.wsnt__CurrentTime = time_text(state_.now());
  reply.wsnt__TerminationTime = time_text(state_.now() + *lasts);
  answer_addressing(
      "http://www.onvif.org/ver10/events/wsdl/EventPortType/CreatePullPointSubscriptionResponse");
  return SOAP_OK;
}

int EventService::PullMessages(_tev__PullMessages* request, _tev__PullMessagesResponse& reply) {
  auto* one = subscription();
  if (!one) return SOAP_FAULT;
  const auto now = state_.now();
  const auto timeout =
      parse_duration(value(request ? request->Timeout : std::nullopt)).value_or(milliseconds{0});
  if (!wait_.deadline) wait_.deadline = now + std::clamp(timeout, milliseconds{0}, kLongestPull);
  const auto limit =
      parse_count(value(request ? request->MessageLimit : std::nullopt)).value_or(kMostMessages);
  const auto changes = state_.events.take(*one, now, std::clamp<std::size_t>(limit, 1, kMostMessages));
  if (changes.empty() && now < *wait_.deadline) {
    wait_.until = std::min({*wait_.deadline, state_.events.next(now), one->ends});
    return SOAP_OK;
  }
  for (const auto& change : changes)
    reply.wsnt__NotificationMessage.push_back(motion_message(soap, change, time_text(change.when)));
  reply.CurrentTime = time_text(now);
  reply.TerminationTime = time_text(one->ends);
  answer_addressing("http://www.onvif.org/ver10/events/wsdl/PullPointSubscription/PullMessagesResponse");
  return SOAP_OK;
}

int EventService::SetSynchronizationPoint(_tev__SetSynchronizationPoint*,
                                          _tev__SetSynchronizationPointResponse&) {
  auto* one = subscription();
  if (!one) return SOAP_FAULT;
  one->introduced = false;
  answer_addressing(
      "http://www.onvif.org/ver10/events/wsdl/PullPointSubscription/SetSynchronizationPointResponse");
  return SOAP_OK;
}

int EventService::Renew(_wsnt__Renew* request, _wsnt__RenewResponse& reply) {
  if (config_.quirks.contains(89)) {
    fault = SoapFault{Blame::kReceiver, "ter:ActionNotSupported", {}, "subscriptions cannot be renewed"};
    return SOAP_FAULT;
  }
  auto* one = subscription();
  if (!one) return SOAP_FAULT;
  const auto lasts = termination(request ? request->TerminationTime : std::nullopt);
  if (!lasts) return SOAP_FAULT;
  one->ends = state_.now() + *lasts;
  reply.CurrentTime = time_text(state_.now());
  reply.TerminationTime = time_text(one->ends);
  answer_addressing("http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/RenewResponse");
  return SOAP_OK;
}

int EventService::Unsubscribe(_wsnt__Unsubscribe*, _wsnt__UnsubscribeResponse&) {
  if (!subscription()) return SOAP_FAULT;
  state_.events.remove(subscription_id_);
  answer_addressing("http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/UnsubscribeResponse");
  return SOAP_OK;
}

}  // namespace camctl::onvif

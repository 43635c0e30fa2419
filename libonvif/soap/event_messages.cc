#include "libonvif/event_messages.h"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "libonvif/lenient.h"
#include "libonvif/soap/fragment.h"
#include "libonvif/soap/reply_reader.h"
#include "libonvif/soap/request_writer.h"
#include "libonvif/soap/xml_text.h"

namespace camctl::onvif {
namespace {

using std::chrono::milliseconds;
using Text = std::optional<std::string>;

constexpr milliseconds kLongest = std::chrono::hours(24);  // a device that says more may mean anything

std::string in_seconds(std::chrono::seconds duration) { return fmt::format("PT{}S", duration.count()); }

// "urn:uuid:…" (RFC 9562 §5.4).
std::string message_id() {
  std::array<unsigned char, 16> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
  std::string id = "urn:uuid:";
  for (std::size_t i = 0; i < bytes.size(); ++i)
    id += fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
  return id;
}

// How long it lasts from now, by the device's own clock (quirk 90).
std::optional<milliseconds> lasts(const Text& current, const Text& termination, Quirks& quirks) {
  if (!termination) return std::nullopt;
  const auto now = parse_date_time(value(current)), end = parse_date_time(value(termination));
  if (now && end && *end > *now && *end - *now <= kLongest)
    return std::chrono::duration_cast<milliseconds>(*end - *now);
  quirks.insert(90);
  return std::nullopt;
}

// The reference parameters of a subscription, each made a header element as WS-Addressing 1.0 SOAP Binding
// §4 has it: with the attribute IsReferenceParameter.
std::string reference_of(std::string_view reply) {
  const pugi::xml_document document = parse_leniently(reply);
  const pugi::xml_node parameters =
      descend(document, {"Envelope", "Body", "CreatePullPointSubscriptionResponse", "SubscriptionReference",
                         "ReferenceParameters"});
  std::string reference;
  for (const pugi::xml_node parameter : parameters.children()) {
    if (parameter.type() != pugi::node_element) continue;
    pugi::xml_document holder;
    pugi::xml_node copy = copy_with_scope(parameter, holder);
    copy.append_attribute("xmlns:camctl-wsa").set_value(std::string(kAddressingNs).c_str());
    copy.append_attribute("camctl-wsa:IsReferenceParameter").set_value("true");
    reference += to_text(copy);
  }
  return reference.size() > kMaxReference ? std::string{} : reference;
}

// "tns1:RuleEngine/CellMotionDetector/tnsvendor:Motion" without its prefixes.
std::string topic_of(std::string_view text) {
  std::string topic;
  for (const std::string_view step : text::split(text::trim(text), "/"))
    topic.append(topic.empty() ? "" : "/").append(local_name(step));
  return clean_text(topic);
}

std::vector<EventItem> items_of(const tt__ItemList* list) {
  std::vector<EventItem> items;
  if (!list) return items;
  for (const auto& item : list->SimpleItem)
    if (items.size() < kMaxEventItems)
      items.push_back({clean_text(value(item.Name)), clean_text(value(item.Value))});
  return items;
}

Event event_of(const wsnt__NotificationMessageHolderType& holder, Quirks& quirks) {
  Event event;
  if (holder.Topic) event.topic = topic_of(holder.Topic->__item);
  const auto* message = holder.Message ? holder.Message->tt__Message : nullptr;
  if (!message) return event;
  event.operation = text::lower(clean_text(value(message->PropertyOperation)));
  event.time = parse_date_time(value(message->UtcTime));
  if (!event.time) quirks.insert(90);
  event.source = items_of(message->Source);
  event.key = items_of(message->Key);
  event.data = items_of(message->Data);
  return event;
}

// Messages that came without anything in them: read in a wrong namespace, perhaps.
std::size_t empty_events(const std::vector<Event>& events) {
  return static_cast<std::size_t>(std::ranges::count_if(
      events, [](const Event& e) { return e.topic.empty() || (e.data.empty() && e.source.empty()); }));
}

}  // namespace

Request create_pull_point(std::optional<std::chrono::seconds> termination) {
  SoapContext context;
  _tev__CreatePullPointSubscription body;
  if (termination) body.InitialTerminationTime = in_seconds(*termination);
  return {"http://www.onvif.org/ver10/events/wsdl/EventPortType/CreatePullPointSubscriptionRequest",
          write_body(context, body, "tev:CreatePullPointSubscription")};
}

Request pull_messages(std::chrono::seconds timeout, unsigned limit) {
  SoapContext context;
  _tev__PullMessages body;
  body.Timeout = in_seconds(timeout);
  body.MessageLimit = std::to_string(limit);
  return {"http://www.onvif.org/ver10/events/wsdl/PullPointSubscription/PullMessagesRequest",
          write_body(context, body, "tev:PullMessages")};
}

Request renew(std::chrono::seconds termination) {
  SoapContext context;
  _wsnt__Renew body;
  body.TerminationTime = in_seconds(termination);
  return {"http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/RenewRequest",
          write_body(context, body, "wsnt:Renew")};
}

Request unsubscribe() {
  return {"http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/UnsubscribeRequest",
          write_empty_body<_wsnt__Unsubscribe>("wsnt:Unsubscribe")};
}

std::string addressing_headers(std::string_view action, std::string_view to, std::string_view reference) {
  return fmt::format(R"(<a:Action xmlns:a="{0}">{1}</a:Action><a:MessageID xmlns:a="{0}">{2}</a:MessageID>)"
                     R"(<a:To xmlns:a="{0}">{3}</a:To>{4})",
                     kAddressingNs, escape_xml(action), message_id(), escape_xml(to), reference);
}

Result<SubscriptionReply> read_subscription(std::string_view reply, Quirks& quirks) {
  const auto convert =
      [&](const _tev__CreatePullPointSubscriptionResponse& r) -> std::optional<SubscriptionReply> {
    SubscriptionReply result;
    if (r.SubscriptionReference)
      result.address = std::string(text::trim(value(r.SubscriptionReference->Address)));
    result.lasts = lasts(r.wsnt__CurrentTime, r.wsnt__TerminationTime, quirks);
    return result;
  };
  auto result = read_reply<_tev__CreatePullPointSubscriptionResponse>(
      reply, {"tev", "CreatePullPointSubscriptionResponse"}, quirks, convert,
      [](const SubscriptionReply& r) { return (r.address.empty() ? 1u : 0u) + (r.lasts ? 0u : 1u); });
  if (!result) return result;
  result->reference = reference_of(reply);
  if (!result->reference.empty()) quirks.insert(87);
  return result;
}

Result<std::optional<milliseconds>> read_renewal(std::string_view reply, Quirks& quirks) {
  const auto convert = [&](const _wsnt__RenewResponse& r) -> std::optional<std::optional<milliseconds>> {
    return lasts(r.CurrentTime, r.TerminationTime, quirks);
  };
  return read_reply<_wsnt__RenewResponse>(
      reply, {"wsnt", "RenewResponse"}, quirks, convert,
      [](const std::optional<milliseconds>& time) { return time ? 0u : 1u; });
}

Result<std::vector<Event>> read_pulled_messages(std::string_view reply, Quirks& quirks) {
  const auto convert = [&](const _tev__PullMessagesResponse& r) -> std::optional<std::vector<Event>> {
    std::vector<Event> events;
    for (const auto* holder : r.wsnt__NotificationMessage)
      if (holder && events.size() < kMaxEvents) events.push_back(event_of(*holder, quirks));
    return events;
  };
  return read_reply<_tev__PullMessagesResponse>(reply, {"tev", "PullMessagesResponse"}, quirks, convert,
                                                empty_events);
}

}  // namespace camctl::onvif

#include "libonvif/self_probe.h"

#include <fmt/format.h>
#include <poll.h>

#include "libonvif/discovery/probe_socket.h"

namespace camctl::onvif {

Result<void> probe_ourselves(const os::InterfaceAddress& local, std::chrono::milliseconds patience) {
  using Clock = std::chrono::steady_clock;
  using namespace discovery;
  auto listener = ProbeSocket::listener(local);
  if (!listener) return fail(listener.error());
  auto sender = ProbeSocket::on(local, /*hops=*/0);
  if (!sender) return fail(sender.error());
  const std::string message = probe_message(ProbeKind::kTransmitter, new_message_id());
  if (auto sent = sender->multicast(message); !sent) return fail(ErrorCode::kIo, sent.error().message);

  const auto until = Clock::now() + patience;
  for (bool heard = false;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0) break;
    pollfd wait{listener->fd(), POLLIN, 0};
    if (poll(&wait, 1, static_cast<int>(left.count())) <= 0) continue;
    listener->receive([&](std::string_view datagram, const IpAddress&) { heard |= datagram == message; });
    if (heard) return {};
  }
  return fail(ErrorCode::kTimeout,
              fmt::format("a probe sent to {} on {} does not arrive",
                          local.address.is_v4() ? kDiscoveryGroup : kDiscoveryGroup6, local.interface));
}

}  // namespace camctl::onvif

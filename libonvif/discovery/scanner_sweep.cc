#include <algorithm>
#include <array>

#include "libonvif/discovery/scanner.h"

namespace camctl::onvif::discovery {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::uint16_t, 4> kRtspPorts = {554, 5543, 8554, 10554};

// Hosts whose ports are asked in turn: first port of all, second port of all… No host gets all its connects
// at once, and address resolution, which takes seconds for hosts that are not there, begins for all of them
// early. So many that the first ports take 50 ms; at most a quarter of the neighbours that Linux keeps by
// default (gc_thresh3, 1024).
constexpr std::size_t kMostInTurn = 256, kFewestInTurn = 16, kTurnsASecond = 20;

// Linux asks for a neighbour's hardware address again after 1 s. A host on the link whose first question was
// lost is waited for until then.
constexpr auto kSecondQuestion = 1100ms;

}  // namespace

void Scanner::feed_sweep(Clock::time_point now) {
  while (connector_.pending() < jobs_) {
    if (queue_.empty() && !plan_done_) {
      plan_hosts();
      continue;
    }
    if (queue_.empty()) return;
    const PortTask task = queue_.front();
    if (!task.probe && !pace_.take(now)) return;
    queue_.pop_front();
    if (task.probe) {
      send_probe(task);
    } else if (!check_port(task, false)) {
      queue_.push_front(task);
      return;
    }
  }
}

// The next hosts of the plan, port by port. With the first and the last connect goes a probe, as many answer
// one that is sent to them alone, across routers as well (quirk 23).
void Scanner::plan_hosts() {
  std::vector<IpAddress> hosts;
  const auto in_turn = std::clamp(options_.connects_per_second / kTurnsASecond, kFewestInTurn, kMostInTurn);
  while (hosts.size() < in_turn && !plan_done_) {
    const auto address = plan_.next();
    plan_done_ = !address;
    if (address && !swept_early_.contains(*address)) hosts.push_back(*address);
  }
  for (const IpAddress& address : hosts) {
    Host& host = hosts_[address];
    host.swept = true;
    host.pending += ports_.size();
  }
  for (std::size_t i = 0; i < ports_.size(); ++i)
    for (const IpAddress& address : hosts) {
      if (i == 0) queue_.push_back({.address = address, .probe = ProbeKind::kTransmitter});
      queue_.push_back({.address = address, .port = ports_[i], .sweep = true});
      if (i + 1 == ports_.size()) queue_.push_back({.address = address, .probe = ProbeKind::kDevice});
    }
}

// A host that has just announced itself: its ports come before all others.
void Scanner::begin_sweep(const IpAddress& address) {
  Host& host = hosts_[address];
  host.swept = true;
  host.pending += ports_.size();
  swept_early_.insert(address);
  const bool planned = plan_.contains(address);
  for (auto port = ports_.rbegin(); port != ports_.rend(); ++port)
    queue_.push_front({.address = address, .port = *port, .sweep = planned});
  if (planned)
    for (const auto& [kind, message] : unicast_probes_) send_probe({.address = address, .probe = kind});
}

void Scanner::send_probe(const PortTask& task) {
  const auto slot = task.address.is_v4() ? unicast_ : unicast_six_;
  const auto message = unicast_probes_.find(*task.probe);
  if (!slot || message == unicast_probes_.end()) return;
  sockets_[*slot].unicast(message->second, task.address);
  last_unicast_ = Clock::now();
}

// False if the system has no descriptor or port left just now; nothing has changed then.
bool Scanner::check_port(const PortTask& task, bool ask_rtsp) {
  ask_rtsp = ask_rtsp || std::find(kRtspPorts.begin(), kRtspPorts.end(), task.port) != kRtspPorts.end();
  Host& host = hosts_[task.address];
  if (host.first_connect == Clock::time_point{}) host.first_connect = Clock::now();
  return connector_.start(
      {.address = task.address,
       .interface_index = host.zone,
       .port = task.port,
       .ask_rtsp = ask_rtsp,
       .connect_timeout = patience_with(task),
       .done = [this, task, ask_rtsp](const PortOutcome& outcome) { on_port(task, ask_rtsp, outcome); }});
}

Scanner::Clock::duration Scanner::patience_with(const PortTask& task) {
  const auto usual = patience_[plan_.network_of(task.address)].value();
  if (!task.again) return usual;
  if (local_of(task.address) == nullptr) return 2 * usual;
  const auto second_question = hosts_[task.address].first_connect + kSecondQuestion - Clock::now();
  return std::max(usual, second_question);
}

// SYNs get lost: what was silent is asked once more. Of a host that has not said anything on any port, one
// port is enough to tell whether it is there.
void Scanner::try_again(const IpAddress& address, Host& host) {
  const bool there = host.heard || !host.devices.empty();
  if (stopping_ || host.silent.empty() || (!there && host.retried)) return host.silent.clear();
  const std::size_t count = there ? host.silent.size() : 1;
  host.retried = true;
  host.pending += count;
  const auto end = host.silent.begin() + static_cast<std::ptrdiff_t>(count);
  for (auto port = host.silent.begin(); port != end; ++port)
    queue_.push_front({.address = address, .port = *port, .sweep = plan_.contains(address), .again = true});
  host.silent.erase(host.silent.begin(), end);
}

// A port's check is over.
void Scanner::port_done(const IpAddress& address, Host& host) {
  --host.pending;
  if (host.pending == 0) try_again(address, host);
  settle(address);
}

}  // namespace camctl::onvif::discovery

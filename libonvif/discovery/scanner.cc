#include "libonvif/discovery/scanner.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/log.h"

namespace camctl::onvif::discovery {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kFirstConnectionTag = 1u << 20;  // beyond the indices of sockets
constexpr auto kHttpTimeout = 4000ms;                    // slow cameras take 2 s (quirk 42)
constexpr auto kProgressEvery = 100ms;                   // more is not seen
constexpr auto kUnicastGrace = 1000ms;  // for the answer to a unicast probe (quirk 14: 500 ms random)
constexpr auto kMostDelay = 550ms;      // of an answer (APP_MAX_DELAY, 500 ms), and the way
// Each probe twice: datagrams get lost (quirk 14).
constexpr std::array kProbeTimes = {Scanner::Clock::duration(0ms), Scanner::Clock::duration(300ms)};
constexpr std::array kProbeKinds = {ProbeKind::kTransmitter, ProbeKind::kDevice, ProbeKind::kUntyped};

// What the sweep may use; the rest is for curl and for everything else.
std::size_t spare_descriptors() {
  constexpr long kReserved = 64 + static_cast<long>(HttpCheck::kMaxAtOnce), kLeast = 16;
  return static_cast<std::size_t>(std::max(sysconf(_SC_OPEN_MAX) - kReserved, kLeast));
}

}  // namespace

Scanner::Scanner(const ScanOptions& options, std::vector<os::InterfaceAddress> locals, SweepPlan plan,
                 os::Poller poller, Found found, Progress progress)
    : options_(options),
      ports_(options.ports.empty() ? default_sweep_ports() : options.ports),
      locals_(std::move(locals)),
      only_interface_(options.interfaces.size() == 1 ? locals_.front().interface : ""),
      jobs_(std::min<std::size_t>(options.jobs, spare_descriptors())),
      plan_(std::move(plan)),
      poller_(std::move(poller)),
      found_(std::move(found)),
      progress_callback_(std::move(progress)),
      http_(kHttpTimeout, only_interface_),
      connector_(poller_, kFirstConnectionTag, only_interface_),
      pace_(options.connects_per_second, Clock::now()),
      start_(Clock::now()),
      window_end_(start_ + (options.ws_discovery ? options.wait : 0ms)),
      kinds_end_(std::min(window_end_, start_ + kProbeTimes.back() + kMostDelay)),
      patience_(plan_.network_count() + 1) {
  progress_.to_probe = plan_.host_count() * ports_.size();
  if (options_.ws_discovery) probe_times_.assign(kProbeTimes.begin(), kProbeTimes.end());
}

Result<void> Scanner::open_sockets() {
  if (!options_.ws_discovery) return {};
  Error last{ErrorCode::kNetwork, "there is no network interface to search on", "give --network CIDR"};
  for (const os::InterfaceAddress& local : locals_) {
    auto socket = ProbeSocket::on(local);
    if (!socket || !poller_.add(socket->fd(), true, false, sockets_.size())) {
      if (!socket) last = socket.error();
      log::get().debug("{}", last.message);
      continue;
    }
    sockets_.push_back(std::move(*socket));
  }
  probing_ = sockets_.size();
  if (sockets_.empty() && plan_.host_count() == 0) return fail(last);
  if (plan_.host_count() > 0)
    if (auto ok = open_unicast(); !ok) return ok;
  if (options_.watch)
    if (auto ok = open_listeners(); !ok) return ok;
  reassembly_.resize(sockets_.size());
  return {};
}

Result<void> Scanner::open_unicast() {
  for (auto [slot, v4] : {std::pair(&unicast_, true), std::pair(&unicast_six_, false)}) {
    auto socket = ProbeSocket::unbound(v4, only_interface_);
    if (!socket && !v4) return {};  // a system without IPv6
    if (!socket) return fail(socket.error());
    if (auto ok = poller_.add(socket->fd(), true, false, sockets_.size()); !ok) return fail(ok.error());
    *slot = sockets_.size();
    sockets_.push_back(std::move(*socket));
  }
  for (const ProbeKind kind : {ProbeKind::kTransmitter, ProbeKind::kDevice})
    unicast_probes_[kind] = new_probe(kind, false);
  return {};
}

// One socket for each interface and address family, not for each address: each hears the whole of its
// interface.
Result<void> Scanner::open_listeners() {
  std::set<std::pair<unsigned, bool>> open;
  for (const os::InterfaceAddress& local : locals_) {
    if (!open.insert({local.index, local.address.is_v4()}).second) continue;
    auto socket = ProbeSocket::listener(local);
    if (!socket && !local.address.is_v4()) {
      log::get().debug("{}", socket.error().message);
      continue;
    }
    if (!socket) return fail(socket.error());
    if (auto ok = poller_.add(socket->fd(), true, false, sockets_.size()); !ok) return fail(ok.error());
    sockets_.push_back(std::move(*socket));
  }
  return {};
}

std::string Scanner::new_probe(ProbeKind kind, bool multicast) {
  std::string id = new_message_id();
  std::string message = probe_message(kind, id);
  asked_[std::move(id)] = {kind, multicast, static_cast<unsigned>(asked_.size())};
  return message;
}

void Scanner::send_probes(Clock::time_point now) {
  while (!probe_times_.empty() && start_ + probe_times_.front() <= now) {
    probe_times_.pop_front();
    for (std::size_t i = 0; i < probing_; ++i)
      for (const ProbeKind kind : kProbeKinds) {
        const auto sent = sockets_[i].multicast(new_probe(kind, true));
        if (!sent) log::get().debug("{}", sent.error().message);
      }
  }
}

void Scanner::wait_for_events() {
  // Short while the sweep waits for its pace or for room; else only deadlines are to be noticed.
  const auto until = std::chrono::ceil<std::chrono::milliseconds>(
      std::min(connector_.next_deadline(), Clock::now() + 50ms) - Clock::now());
  const auto timeout = !queue_.empty() || !plan_done_ ? 5ms : std::max(until, 0ms);
  const bool asking = http_.pending() > 0;
  if (asking) http_.run(poller_.fd(), timeout);
  for (const os::Poller::Event& event : poller_.wait(asking ? 0ms : timeout)) {
    if (event.tag >= kFirstConnectionTag) {
      connector_.on_event(event);
    } else {
      ProbeSocket& socket = sockets_[event.tag];
      Reassembly& reassembly = reassembly_[event.tag];
      socket.receive([&](std::string_view datagram, const IpAddress& from) {
        const std::string whole = reassembly.take(datagram, from);
        if (!whole.empty()) on_datagram(socket, whole, reassembly.joined(), from);
      });
    }
  }
  connector_.expire(Clock::now());
}

bool Scanner::finished(Clock::time_point now) const {
  return now >= window_end_ && (!unicast_ || now >= last_unicast_ + kUnicastGrace) && plan_done_ &&
         queue_.empty() && connector_.pending() == 0 && http_.pending() == 0;
}

void Scanner::report_progress() {
  const auto now = Clock::now();
  if (!progress_callback_ || now < last_progress_ + kProgressEvery) return;
  last_progress_ = now;
  progress_callback_(progress_);
}

Result<void> Scanner::run(const std::stop_token& stop) {
  if (auto ok = open_sockets(); !ok) return fail(ok.error());
  for (bool window_open = true, kinds_open = true;;) {
    const auto now = Clock::now();
    if (stop.stop_requested()) {
      stopping_ = true;
      emit_rest();
      return fail(ErrorCode::kCancelled, "the scan was interrupted");
    }
    if (options_.total_timeout > 0ms && now >= start_ + options_.total_timeout) {
      stopping_ = true;
      emit_rest();
      return fail(ErrorCode::kTimeout, "the scan did not end in time", "allow more with --timeout");
    }
    send_probes(now);
    feed_sweep(now);
    wait_for_events();
    if (kinds_open && now >= kinds_end_) {
      kinds_open = false;
      emit_rest();  // what has answered some kinds of probe only
    }
    if (window_open && now >= window_end_) {
      window_open = false;
      emit_rest();  // what the sweep found and no answer came for
    }
    report_progress();
    if (!finished(now)) continue;
    if (!options_.watch) break;
    watch(now);
  }
  emit_rest();
  return {};
}

}  // namespace camctl::onvif::discovery

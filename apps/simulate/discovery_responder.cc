#include "apps/simulate/discovery_responder.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <cstdint>
#include <deque>

#include "base/log.h"
#include "base/os/multicast.h"
#include "libonvif/virtual_device_discovery.h"

namespace camctl::simulate {
namespace {

namespace asio = boost::asio;
using udp = asio::ip::udp;

constexpr std::uint16_t kDiscoveryPort = 3702;  // WS-Discovery 2005/04 §2.4
constexpr std::string_view kGroup = "239.255.255.250";

// A thousand cameras that answer one probe at once would overflow the client's receive buffer (Linux: 208 KB,
// about 90 datagrams). So answers leave in batches, as those of a real network's devices leave after a random
// delay of up to 500 ms (§2.4, APP_MAX_DELAY).
constexpr std::size_t kBatch = 32;
constexpr auto kBatchInterval = std::chrono::milliseconds(5);
// Answers waiting to leave: six probes to a thousand cameras. What comes beyond is dropped; clients repeat.
constexpr std::size_t kMaxWaiting = 8192;

// Datagrams taken in one go, so that a flood can't keep the loop from its other work.
constexpr int kMaxReadsAtOnce = 64;

struct Waiting {
  std::size_t device;
  udp::endpoint peer;
  std::shared_ptr<const onvif::DiscoveryQuery> query;
  bool multicast;
};

// An answer that leaves later (quirk 14).
struct Late {
  std::chrono::steady_clock::time_point at;
  std::size_t device;
  udp::endpoint peer;
  std::vector<std::string> datagrams;
};

Result<void> open(udp::socket& socket, const udp::endpoint& at) {
  boost::system::error_code error;
  socket.open(udp::v4(), error);
  if (!error) socket.set_option(udp::socket::reuse_address(true), error);
  if (!error) socket.bind(at, error);
  if (!error) socket.non_blocking(true, error);
  if (!error) return {};
  return fail(ErrorCode::kIo,
              fmt::format("can't listen for WS-Discovery on {}:{}: {}", at.address().to_string(), at.port(),
                          error.message()),
              "end the program that holds it, or use --no-discovery");
}

}  // namespace

struct DiscoveryResponder::Impl : std::enable_shared_from_this<Impl> {
  Impl(EventLoop& the_loop, std::vector<const onvif::VirtualDevice*> the_devices)
      : loop(the_loop),
        devices(std::move(the_devices)),
        silent(devices.size(), false),
        group(the_loop.context()),
        timer(the_loop),
        late_timer(the_loop),
        hello_timer(the_loop) {}

  Result<void> open_all(unsigned interface_index);
  void receive(udp::socket& from, std::size_t first, std::size_t count);
  void read_all(udp::socket& from, std::size_t first, std::size_t count);
  void enqueue(const udp::socket& from, std::string_view datagram, const udp::endpoint& peer,
               std::size_t first, std::size_t count);
  void send_batch();
  void send_late();
  void send_all(std::size_t device, const std::vector<std::string>& datagrams, const udp::endpoint& to);
  void send(std::size_t device, const std::string& message, const udp::endpoint& to);
  void announce_batch();
  void multicast(std::size_t device, std::string (onvif::VirtualDevice::*message)() const);

  EventLoop& loop;
  std::vector<const onvif::VirtualDevice*> devices;
  std::vector<bool> silent;  // in their order
  udp::socket group;
  std::deque<udp::socket> own;                         // one a device, in their order
  std::array<char, onvif::kMaxQueryBytes + 1> buffer;  // one more, to know what was too long
  std::deque<Waiting> waiting;
  std::deque<Late> late;  // all with one delay, so the first is due first
  std::size_t next_hello = 0;
  Timer timer, late_timer, hello_timer;
  bool timer_set = false;
  bool closed = false;
};

Result<void> DiscoveryResponder::Impl::open_all(unsigned interface_index) {
  const auto group_address = IpAddress::parse(kGroup);
  if (!group_address) return fail(group_address.error());
  const udp::endpoint group_endpoint(asio::ip::make_address(kGroup), kDiscoveryPort);
  if (auto r = open(group, group_endpoint); !r) return r;
  if (auto r = os::join_multicast(group.native_handle(), *group_address, interface_index); !r) return r;
  for (const auto* device : devices) {
    auto& socket = own.emplace_back(loop.context());
    boost::system::error_code error;
    const auto address = asio::ip::make_address(device->config().address, error);
    if (error || !address.is_v4())
      return fail(ErrorCode::kUsage, fmt::format("WS-Discovery needs IPv4, not {}", device->config().address),
                  "use --no-discovery");
    if (auto r = open(socket, {address, kDiscoveryPort}); !r) return r;
    if (auto r = os::send_multicast_through(socket.native_handle(), interface_index); !r) return r;
  }
  receive(group, 0, devices.size());
  for (std::size_t i = 0; i < own.size(); ++i) receive(own[i], i, 1);
  return {};
}

// What comes by this socket is for `count` devices from `first` on.
void DiscoveryResponder::Impl::receive(udp::socket& from, std::size_t first, std::size_t count) {
  from.async_wait(udp::socket::wait_read,
                  [self = shared_from_this(), &from, first, count](boost::system::error_code error) {
                    if (self->closed || error) return;
                    self->read_all(from, first, count);
                    self->receive(from, first, count);
                  });
}

void DiscoveryResponder::Impl::read_all(udp::socket& from, std::size_t first, std::size_t count) {
  for (int i = 0; i < kMaxReadsAtOnce; ++i) {
    udp::endpoint peer;
    boost::system::error_code error;
    const auto size = from.receive_from(asio::buffer(buffer), peer, 0, error);
    if (error == asio::error::would_block) return;
    if (!error)
      enqueue(from, {buffer.data(), size}, peer, first, count);  // an error is about an earlier send
  }
}

void DiscoveryResponder::Impl::enqueue(const udp::socket& from, std::string_view datagram,
                                       const udp::endpoint& peer, std::size_t first, std::size_t count) {
  auto query = onvif::parse_discovery_query(datagram);
  if (!query) return;
  const auto shared = std::make_shared<const onvif::DiscoveryQuery>(std::move(*query));
  for (std::size_t i = first; i < first + count && waiting.size() < kMaxWaiting; ++i)
    waiting.push_back({i, peer, shared, &from == &group});
  if (!timer_set) send_batch();
}

void DiscoveryResponder::Impl::send_batch() {
  timer_set = false;
  for (std::size_t sent = 0; sent < kBatch && !waiting.empty();) {
    const auto next = std::move(waiting.front());
    waiting.pop_front();
    if (silent[next.device]) continue;
    auto answer = devices[next.device]->answer(*next.query, next.multicast);
    if (answer.datagrams.empty()) continue;
    if (answer.delay.count() > 0) {
      if (late.size() >= kMaxWaiting) continue;
      late.push_back({std::chrono::steady_clock::now() + answer.delay, next.device, next.peer,
                      std::move(answer.datagrams)});
      if (late.size() == 1) late_timer.after(answer.delay, [this] { send_late(); });
      continue;
    }
    send_all(next.device, answer.datagrams, next.peer);
    ++sent;
  }
  if (waiting.empty()) return;
  timer_set = true;
  timer.after(kBatchInterval, [this] { send_batch(); });
}

void DiscoveryResponder::Impl::send_late() {
  using std::chrono::milliseconds;
  const auto now = std::chrono::steady_clock::now();
  for (; !late.empty() && late.front().at <= now; late.pop_front())
    send_all(late.front().device, late.front().datagrams, late.front().peer);
  if (late.empty()) return;
  late_timer.after(std::chrono::ceil<milliseconds>(late.front().at - now), [this] { send_late(); });
}

void DiscoveryResponder::Impl::send_all(std::size_t device, const std::vector<std::string>& datagrams,
                                        const udp::endpoint& to) {
  for (const std::string& datagram : datagrams) send(device, datagram, to);
}

void DiscoveryResponder::Impl::send(std::size_t device, const std::string& message, const udp::endpoint& to) {
  boost::system::error_code error;
  own[device].send_to(asio::buffer(message), to, 0, error);
  if (error)
    log::get().debug("WS-Discovery: sending from {} to {}: {}", devices[device]->config().address,
                     to.address().to_string(), error.message());
}

// Hellos come back by the group's own socket: all at once they would push a client's probe out of it.
void DiscoveryResponder::Impl::announce_batch() {
  for (std::size_t sent = 0; sent < kBatch && next_hello < devices.size(); ++next_hello) {
    if (silent[next_hello]) continue;
    multicast(next_hello, &onvif::VirtualDevice::hello);
    ++sent;
  }
  if (next_hello < devices.size()) hello_timer.after(kBatchInterval, [this] { announce_batch(); });
}

void DiscoveryResponder::Impl::multicast(std::size_t device,
                                         std::string (onvif::VirtualDevice::*message)() const) {
  const udp::endpoint to(asio::ip::make_address(kGroup), kDiscoveryPort);
  send(device, (devices[device]->*message)(), to);
}

Result<std::unique_ptr<DiscoveryResponder>> DiscoveryResponder::start(
    EventLoop& loop, unsigned interface_index, std::vector<const onvif::VirtualDevice*> devices) {
  auto impl = std::make_shared<Impl>(loop, std::move(devices));
  if (auto r = impl->open_all(interface_index); !r) return fail(r.error());
  return std::unique_ptr<DiscoveryResponder>(new DiscoveryResponder(std::move(impl)));
}

DiscoveryResponder::DiscoveryResponder(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

DiscoveryResponder::~DiscoveryResponder() {
  impl_->closed = true;
  impl_->timer.cancel();
  impl_->late_timer.cancel();
  impl_->hello_timer.cancel();
  boost::system::error_code ignored;
  impl_->group.close(ignored);
  for (auto& own : impl_->own) own.close(ignored);
}

void DiscoveryResponder::announce() {
  impl_->next_hello = 0;
  impl_->announce_batch();
}

void DiscoveryResponder::farewell() {
  impl_->hello_timer.cancel();
  for (std::size_t i = 0; i < impl_->devices.size(); ++i) impl_->multicast(i, &onvif::VirtualDevice::bye);
}

void DiscoveryResponder::announce(std::size_t device) {
  impl_->silent[device] = false;
  impl_->multicast(device, &onvif::VirtualDevice::hello);
}

void DiscoveryResponder::farewell(std::size_t device) {
  impl_->multicast(device, &onvif::VirtualDevice::bye);
  impl_->silent[device] = true;
}

}  // namespace camctl::simulate

#include "apps/simulate/discovery_responder.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <set>

#include "apps/simulate/plan.h"

using namespace camctl;
using namespace camctl::simulate;
using boost::asio::ip::udp;

namespace {

constexpr std::size_t kCameras = 300;  // their Hellos are more than a socket's usual buffer holds
constexpr std::string_view kProbe =
    R"(<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope")"
    R"( xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing")"
    R"( xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><e:Header>)"
    R"(<w:MessageID>uuid:1</w:MessageID></e:Header><e:Body><d:Probe/></e:Body></e:Envelope>)";

std::vector<std::unique_ptr<onvif::VirtualDevice>> cameras() {
  Options options;
  options.count = kCameras;
  options.address = "127.61.0.1";
  auto plans = plan_cameras(options, {});
  REQUIRE(plans);
  std::vector<std::unique_ptr<onvif::VirtualDevice>> devices;
  for (auto& plan : *plans) devices.push_back(std::make_unique<onvif::VirtualDevice>(std::move(plan.device)));
  return devices;
}

udp::socket client(EventLoop& loop) {
  udp::socket socket(loop.context(), {boost::asio::ip::address_v4::loopback(), 0});
  socket.set_option(boost::asio::socket_base::receive_buffer_size(1 << 20));
  const in_addr loopback{htonl(INADDR_LOOPBACK)};
  REQUIRE(setsockopt(socket.native_handle(), IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof loopback) == 0);
  return socket;
}

}  // namespace

TEST_CASE(
    "discovery responder: a probe that comes while hundreds of cameras announce themselves is answered") {
  EventLoop loop;
  const auto devices = cameras();
  std::vector<const onvif::VirtualDevice*> pointers;
  for (const auto& device : devices) pointers.push_back(device.get());
  auto responder = DiscoveryResponder::start(loop, if_nametoindex("lo"), pointers);
  REQUIRE(responder);
  auto socket = client(loop);

  (*responder)->announce();
  socket.send_to(boost::asio::buffer(kProbe), {boost::asio::ip::make_address("239.255.255.250"), 3702});
  std::set<std::string> answered;
  std::array<char, 4096> buffer;
  udp::endpoint peer;
  std::function<void()> receive = [&] {
    socket.async_receive_from(boost::asio::buffer(buffer), peer, [&](auto error, std::size_t) {
      REQUIRE_FALSE(error);
      if (peer.address().to_string().starts_with("127.61.")) answered.insert(peer.address().to_string());
      if (answered.size() == kCameras) return loop.stop();
      receive();
    });
  };
  receive();
  Timer timeout(loop);
  timeout.after(std::chrono::seconds(10), [&] { loop.stop(); });
  loop.run();
  CHECK(answered.size() == kCameras);
}

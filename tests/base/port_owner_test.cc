#include "base/os/port_owner.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/os/fd.h"

using namespace camctl;
using os::Transport;

TEST_CASE("sockets of the system's table") {
  constexpr std::string_view kTable =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 111 1 0\n"
      "   1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 222 1 0\n"
      "   2: 00000000:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 333 1 0\n"
      "   3: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A "
      "00000000:00000000 "
      "00:00000000 00000000  1000        0 444 1 0\n"
      "   4: 0100007F:1F90 0000";
  CHECK(os::sockets_at(kTable, Transport::kTcp, 8080) == std::vector<std::uint64_t>{111, 444});
  CHECK(os::sockets_at(kTable, Transport::kUdp, 8080) == std::vector<std::uint64_t>{111, 222, 444});
  CHECK(os::sockets_at(kTable, Transport::kTcp, 80).empty());
}

TEST_CASE("a port of our own is found to be ours") {
  const os::Fd fd(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  REQUIRE(bind(fd.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
  REQUIRE(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
  CHECK_FALSE(os::port_owner(Transport::kTcp, ntohs(at.sin_port)));
  REQUIRE(listen(fd.get(), 1) == 0);
  const auto owner = os::port_owner(Transport::kTcp, ntohs(at.sin_port));
  REQUIRE(owner);
  CHECK(owner->pid == getpid());
  CHECK(owner->program == "base_tests");
}

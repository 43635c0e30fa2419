#include "base/os/neighbours.h"

#include <doctest/doctest.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

using namespace camctl;
using os::Neighbour;

namespace {

template <class Value>
std::string bytes_of(const Value& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string attribute(unsigned short type, const std::string& value) {
  rtattr head{};
  head.rta_len = static_cast<unsigned short>(sizeof head + value.size());
  head.rta_type = type;
  std::string text = bytes_of(head) + value;
  text.resize(RTA_ALIGN(text.size()));
  return text;
}

std::string message(unsigned short type, const std::string& content) {
  nlmsghdr head{};
  head.nlmsg_len = static_cast<unsigned>(sizeof head + content.size());
  head.nlmsg_type = type;
  return bytes_of(head) + content;
}

std::string entry(int family, unsigned short state, const std::string& address, const std::string& hardware) {
  ndmsg head{};
  head.ndm_family = static_cast<unsigned char>(family);
  head.ndm_ifindex = 3;
  head.ndm_state = state;
  return message(RTM_NEWNEIGH,
                 bytes_of(head) + attribute(NDA_DST, address) + attribute(NDA_LLADDR, hardware));
}

const std::string kMac = "\xAC\xCC\x8E\x01\x02\x03";
const std::string kV4("\xC0\xA8\x01\x07", 4);
const std::string kV6("\xFE\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);

}  // namespace

TEST_CASE("neighbours of both address families, those that are known") {
  std::vector<Neighbour> found;
  CHECK(os::read_neighbours(entry(AF_INET, NUD_STALE, kV4, kMac) + entry(AF_INET6, NUD_REACHABLE, kV6, kMac) +
                                entry(AF_INET, NUD_FAILED, kV4, kMac) +
                                entry(AF_INET, NUD_REACHABLE, kV4, std::string(6, '\0')) +
                                entry(AF_INET, NUD_REACHABLE, "xyz", kMac),
                            found));
  REQUIRE(found.size() == 2);
  CHECK(found[0].address.to_string() == "192.168.1.7");
  CHECK(found[0].hardware_address == "ac:cc:8e:01:02:03");
  CHECK(found[0].interface_index == 3);
  CHECK(found[1].address.to_string() == "fe80::1");
}

TEST_CASE("the end of the table, and messages that are cut") {
  std::vector<Neighbour> found;
  const std::string whole = entry(AF_INET, NUD_STALE, kV4, kMac);
  CHECK_FALSE(os::read_neighbours(whole + message(NLMSG_DONE, "") + whole, found));
  CHECK(found.size() == 1);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::vector<Neighbour> none;
    os::read_neighbours(whole.substr(0, size), none);
    CHECK(none.empty());
  }
}

TEST_CASE("the system's own table can be read") {
  for (const Neighbour& neighbour : os::neighbours()) CHECK(neighbour.hardware_address.size() == 17);
}

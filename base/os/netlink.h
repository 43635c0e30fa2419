// Reading what the kernel answers over netlink(7): for neighbours.cc and firewall.cc.
#pragma once

#include <linux/netlink.h>
#include <sys/time.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace camctl::os::netlink {

constexpr std::size_t kBuffer = 64 << 10;  // the kernel fills at most 32 KB a datagram
constexpr timeval kPatience{1, 0};         // it answers within microseconds

// The value at the beginning of `bytes`, which need not be aligned. False: there is not so much.
template <class Value>
bool take(std::string_view bytes, Value& value) {
  if (bytes.size() < sizeof value) return false;
  std::memcpy(&value, bytes.data(), sizeof value);
  return true;
}

// Calls `visit(type, payload)` for each message of a datagram. False: nothing comes behind it, since the dump
// has ended or failed, or the datagram is malformed.
template <class Visit>
bool each_message(std::string_view datagram, const Visit& visit) {
  for (nlmsghdr header{}; take(datagram, header);) {
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size()) return false;
    if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) return false;
    visit(header.nlmsg_type, datagram.substr(sizeof header, header.nlmsg_len - sizeof header));
    datagram.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), datagram.size()));
  }
  return true;
}

}  // namespace camctl::os::netlink

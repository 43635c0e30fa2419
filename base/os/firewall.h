// What the system filters of the packets that come in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace camctl::os {

// A base chain of nftables that sees packets for this host (iptables-nft's are of these, too).
struct InputChain {
  std::string family, table, name;  // "inet", "ip" or "ip6"; "filter"; "input"
  bool drops = false;               // by its policy: what no rule accepts

  std::string to_string() const { return family + " " + table + " " + name; }
  friend bool operator==(const InputChain&, const InputChain&) = default;
};

// All of them. kIo where this user may not ask (that takes CAP_NET_ADMIN), kUnsupported without nftables.
Result<std::vector<InputChain>> input_chains();

// The same from netlink messages (NFT_MSG_NEWCHAIN); false when their end (NLMSG_DONE) was there.
bool read_input_chains(std::string_view messages, std::vector<InputChain>& into);

}  // namespace camctl::os

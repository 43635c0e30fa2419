#include "base/os/firewall.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <cstdint>

using namespace camctl;
using os::InputChain;

namespace {

template <class Value>
std::string bytes_of(const Value& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string attribute(unsigned short type, const std::string& value) {
  nlattr head{};
  head.nla_len = static_cast<unsigned short>(sizeof head + value.size());
  head.nla_type = type;
  std::string text = bytes_of(head) + value;
  text.resize(NLA_ALIGN(text.size()));
  return text;
}

std::string number(std::uint32_t value) { return bytes_of(htonl(value)); }
std::string text(const std::string& value) { return value + '\0'; }

std::string message(unsigned short type, const std::string& content) {
  nlmsghdr head{};
  head.nlmsg_len = static_cast<unsigned>(sizeof head + content.size());
  head.nlmsg_type = type;
  return bytes_of(head) + content;
}

std::string chain(std::uint8_t family, const std::string& table, std::uint32_t hook, std::uint32_t policy,
                  const std::string& type = "filter") {
  nfgenmsg head{};
  head.nfgen_family = family;
  return message((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWCHAIN,
                 bytes_of(head) + attribute(NFTA_CHAIN_TABLE, text(table)) +
                     attribute(NFTA_CHAIN_NAME, text("input")) + attribute(NFTA_CHAIN_TYPE, text(type)) +
                     attribute(NFTA_CHAIN_HOOK | NLA_F_NESTED, attribute(NFTA_HOOK_HOOKNUM, number(hook))) +
                     attribute(NFTA_CHAIN_POLICY, number(policy)));
}

}  // namespace

TEST_CASE("chains that see what comes in, and whether they drop it") {
  std::vector<InputChain> found;
  CHECK(os::read_input_chains(chain(NFPROTO_INET, "filter", NF_INET_LOCAL_IN, NF_DROP) +
                                  chain(NFPROTO_IPV4, "mine", NF_INET_LOCAL_IN, NF_ACCEPT) +
                                  chain(NFPROTO_INET, "filter", NF_INET_FORWARD, NF_DROP) +
                                  chain(NFPROTO_INET, "nat", NF_INET_LOCAL_IN, NF_ACCEPT, "nat") +
                                  chain(NFPROTO_BRIDGE, "filter", NF_INET_LOCAL_IN, NF_DROP),
                              found));
  REQUIRE(found.size() == 2);
  CHECK(found[0] == InputChain{"inet", "filter", "input", true});
  CHECK(found[0].to_string() == "inet filter input");
  CHECK(found[1] == InputChain{"ip", "mine", "input", false});
}

TEST_CASE("the end of the kernel's list, and what is cut off") {
  std::vector<InputChain> found;
  CHECK_FALSE(os::read_input_chains(message(NLMSG_DONE, "0123"), found));
  const std::string whole = chain(NFPROTO_INET, "filter", NF_INET_LOCAL_IN, NF_DROP);
  for (std::size_t size = 0; size < whole.size(); ++size)
    (void)os::read_input_chains(std::string_view(whole).substr(0, size), found);
  CHECK(found.empty());
}

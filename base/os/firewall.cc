#include "base/os/firewall.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <functional>
#include <system_error>

#include "base/os/fd.h"
#include "base/os/netlink.h"

namespace camctl::os {
namespace {

using netlink::take;

constexpr std::size_t kMaxChains = 4096;
constexpr std::uint16_t kGetChains = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETCHAIN;
constexpr std::uint16_t kNewChain = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWCHAIN;

std::uint32_t number(std::string_view value) {  // nf_tables counts in network byte order
  std::uint32_t raw = 0;
  return take(value, raw) ? ntohl(raw) : 0;
}

std::string text(std::string_view value) { return std::string(value.substr(0, value.find('\0'))); }

void each_attribute(std::string_view bytes, const std::function<void(int, std::string_view)>& visit) {
  for (nlattr head{}; take(bytes, head);) {
    if (head.nla_len < NLA_HDRLEN || head.nla_len > bytes.size()) return;
    visit(head.nla_type & NLA_TYPE_MASK, bytes.substr(NLA_HDRLEN, head.nla_len - NLA_HDRLEN));
    bytes.remove_prefix(std::min<std::size_t>(NLA_ALIGN(head.nla_len), bytes.size()));
  }
}

const char* family_name(std::uint8_t family) {
  switch (family) {
    case NFPROTO_INET:
      return "inet";
    case NFPROTO_IPV4:
      return "ip";
    case NFPROTO_IPV6:
      return "ip6";
    default:
      return nullptr;  // bridges and devices: not what is addressed to us
  }
}

// One NFT_MSG_NEWCHAIN without its header.
void read_chain(std::string_view message, std::vector<InputChain>& into) {
  nfgenmsg head{};
  if (!take(message, head)) return;
  message.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(sizeof head), message.size()));
  const char* family = family_name(head.nfgen_family);
  InputChain chain;
  bool input = false, filters = false;
  each_attribute(message, [&](int type, std::string_view value) {
    if (type == NFTA_CHAIN_TABLE) chain.table = text(value);
    if (type == NFTA_CHAIN_NAME) chain.name = text(value);
    if (type == NFTA_CHAIN_POLICY) chain.drops = number(value) == NF_DROP;
    if (type == NFTA_CHAIN_TYPE) filters = text(value) == "filter";
    if (type == NFTA_CHAIN_HOOK)
      each_attribute(value, [&](int inner, std::string_view hook) {
        if (inner == NFTA_HOOK_HOOKNUM) input = number(hook) == NF_INET_LOCAL_IN;
      });
  });
  if (family != nullptr && input && filters && into.size() < kMaxChains) {
    chain.family = family;
    into.push_back(std::move(chain));
  }
}

tl::unexpected<Error> system_error(int error) {
  return fail(ErrorCode::kIo, "asking for the firewall's rules: " + std::generic_category().message(error));
}

// What an NLMSG_ERROR at the beginning says; 0: none.
int refused(std::string_view messages) {
  nlmsghdr header{};
  std::int32_t error = 0;
  if (!take(messages, header) || header.nlmsg_type != NLMSG_ERROR) return 0;
  return take(messages.substr(sizeof header), error) ? -error : EPROTO;
}

}  // namespace

bool read_input_chains(std::string_view messages, std::vector<InputChain>& into) {
  return netlink::each_message(messages, [&](std::uint16_t type, std::string_view payload) {
    if (type == kNewChain) read_chain(payload, into);
  });
}

Result<std::vector<InputChain>> input_chains() {
  const Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!fd) {
    if (errno == EPROTONOSUPPORT) return fail(ErrorCode::kUnsupported, "this system has no nftables");
    return system_error(errno);
  }
  struct {
    nlmsghdr header;
    nfgenmsg message;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = kGetChains;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.message.nfgen_family = NFPROTO_UNSPEC;
  request.message.version = NFNETLINK_V0;
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &netlink::kPatience, sizeof netlink::kPatience);
  if (send(fd.get(), &request, sizeof request, 0) != static_cast<ssize_t>(sizeof request))
    return system_error(errno);
  std::vector<InputChain> chains;
  std::string buffer(netlink::kBuffer, '\0');
  for (bool more = true; more;) {
    const ssize_t count = recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) return system_error(count < 0 ? errno : EPIPE);
    const auto messages = std::string_view(buffer).substr(0, static_cast<std::size_t>(count));
    if (const int error = refused(messages); error != 0) {
      if (error == EINVAL || error == EOPNOTSUPP)
        return fail(ErrorCode::kUnsupported, "this system has no nftables");
      return system_error(error);
    }
    more = read_input_chains(messages, chains);
  }
  return chains;
}

}  // namespace camctl::os

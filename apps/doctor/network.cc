#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "apps/doctor/checks.h"
#include "base/atomic_file.h"
#include "base/os/interfaces.h"
#include "libonvif/self_probe.h"

namespace camctl::doctor {
namespace {

using os::InterfaceAddress;

constexpr std::size_t kMaxUfw = 64u << 10;

bool wanted(const InterfaceAddress& address, const std::vector<std::string>& only) {
  return only.empty() || std::find(only.begin(), only.end(), address.interface) != only.end() ||
         std::find(only.begin(), only.end(), address.address.to_string()) != only.end();
}

bool is_link_local(const IpAddress& address) {
  static const auto kV4 = *Cidr::parse("169.254.0.0/16"), kV6 = *Cidr::parse("fe80::/10");
  return (address.is_v4() ? kV4 : kV6).contains(address);
}

Finding judge_interface(const std::string& name, const std::vector<InterfaceAddress>& addresses) {
  std::vector<std::string> texts;
  texts.reserve(addresses.size());
  for (const auto& one : addresses) texts.push_back(one.address.to_string());
  Finding finding{"interface", name, Status::kOk, fmt::format("{}", fmt::join(texts, ", ")), {}};
  if (std::any_of(addresses.begin(), addresses.end(),
                  [](const auto& one) { return one.loopback || !is_link_local(one.address); }))
    return finding;
  finding.status = Status::kWarning;
  finding.message += ": link-local addresses only";
  finding.hint = "cameras that have others are out of reach: see whether DHCP answers, or set an address";
  return finding;
}

bool can_probe(const InterfaceAddress& one) {
  return one.address.is_v4() || (is_link_local(one.address) && !one.loopback);
}

Finding probe(const InterfaceAddress& one) {
  const char* version = one.address.is_v4() ? "IPv4" : "IPv6";
  Finding finding{"multicast",
                  one.interface,
                  Status::kOk,
                  fmt::format("WS-Discovery's probes pass over {} ({})", version, one.address.to_string()),
                  {}};
  if (!one.loopback && !one.multicast) {
    finding.status = Status::kWarning;
    finding.message = "no multicast on this interface";
    finding.hint = "cameras behind it are found by camctl scan --network CIDR only";
    return finding;
  }
  const auto done = onvif::probe_ourselves(one);
  if (done) return finding;
  finding.status = one.loopback ? Status::kWarning : Status::kFailed;  // only virtual cameras are there
  finding.message = fmt::format("{} ({}): {}", version, one.address.to_string(), done.error().message);
  finding.hint = done.error().code == ErrorCode::kTimeout
                     ? "a firewall drops it: let UDP port 3702 in and out, or use camctl scan --network CIDR"
                     : "see the firewall's rules for what goes out, and the route to the group";
  return finding;
}

// Ubuntu's firewall says by a file that everybody may read whether it is on.
bool ufw_is_on() {
  const auto content = read_file("/etc/ufw/ufw.conf", kMaxUfw);
  return content && content->find("\nENABLED=yes") != std::string::npos;
}

// How to let in what answers a probe: those answers come from another address than the probe went to, so that
// no rule for established connections knows them.
std::string how_to_let_in(const std::vector<os::InputChain>& dropping) {
  for (const auto& chain : dropping)
    if (chain.table == "firewalld")
      return "firewall-cmd --permanent --add-source-port=3702/udp && firewall-cmd --reload";
  if (ufw_is_on()) return "ufw allow proto udp from any port 3702";
  return fmt::format("unless a rule does already: nft insert rule {} udp sport 3702 accept",
                     dropping.front().to_string());
}

}  // namespace

Findings check_interfaces(const std::vector<std::string>& only) {
  const auto addresses = os::interface_addresses();
  if (!addresses) return {{"interface", {}, Status::kFailed, addresses.error().message, {}}};
  std::vector<std::string> order;
  std::map<std::string, std::vector<InterfaceAddress>> by_name;
  bool network = false;
  for (const auto& one : *addresses) {
    network |= !one.loopback;
    if (!wanted(one, only)) continue;
    if (!by_name.contains(one.interface)) order.push_back(one.interface);
    by_name[one.interface].push_back(one);
  }
  Findings found;
  found.reserve(order.size() + 1);
  for (const auto& name : order) found.push_back(judge_interface(name, by_name[name]));
  if (!network)
    found.push_back({"interface",
                     {},
                     Status::kFailed,
                     "no interface but loopback is up and has an address: no camera can be reached",
                     "see ip addr; virtual cameras (camctl simulate) need no other"});
  return found;
}

Findings check_multicast(const std::vector<std::string>& only) {
  const auto addresses = os::interface_addresses();
  if (!addresses) return {{"multicast", {}, Status::kFailed, addresses.error().message, {}}};
  Findings found;
  for (const auto& one : *addresses) {
    if (!wanted(one, only) || !can_probe(one)) continue;
    const auto same = [&](const Finding& f) { return f.subject == one.interface && f.status == Status::kOk; };
    // One of several addresses in a family says nothing new; a second family is worth a look.
    if (one.address.is_v4() && std::any_of(found.begin(), found.end(), same)) continue;
    found.push_back(probe(one));
  }
  return found;
}

Finding judge_firewall(const Result<std::vector<os::InputChain>>& chains) {
  Finding finding{"firewall", {}, Status::kOk, {}, {}};
  if (!chains) {
    finding.message = chains.error().code == ErrorCode::kUnsupported
                          ? chains.error().message
                          : chains.error().message + ": only root may look at them";
    if (!ufw_is_on()) return finding;
    finding.status = Status::kWarning;
    finding.message = "ufw is on: it drops cameras' answers to WS-Discovery unless a rule lets them in";
    finding.hint = how_to_let_in({{}});
    return finding;
  }
  std::vector<os::InputChain> dropping;
  for (const auto& chain : *chains)
    if (chain.drops || chain.table == "firewalld") dropping.push_back(chain);
  if (dropping.empty()) {
    finding.message = chains->empty() ? "nftables filters nothing that comes in"
                                      : "nftables lets in what no rule is against";
    return finding;
  }
  finding.status = Status::kWarning;
  finding.message = fmt::format(
      "{} drops what no rule lets in: WS-Discovery's answers, which come from UDP port 3702, must be let in",
      dropping.front().to_string());
  finding.hint = how_to_let_in(dropping);
  return finding;
}

Finding check_firewall() { return judge_firewall(os::input_chains()); }

}  // namespace camctl::doctor

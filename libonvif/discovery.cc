#include "libonvif/discovery.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/os/interfaces.h"
#include "libonvif/discovery/record.h"
#include "libonvif/discovery/scanner.h"

namespace camctl::onvif {
namespace {

// The IPv4 addresses and the first IPv6 link-local address of each interface asked for, by name or by
// address; of all interfaces without a wish.
Result<std::vector<os::InterfaceAddress>> choose(const std::vector<std::string>& wanted) {
  auto all = os::interface_addresses();
  if (!all) return fail(all.error());
  std::set<unsigned> with_six;
  std::erase_if(*all, [&](const os::InterfaceAddress& local) {
    if (local.address.is_v4()) return false;
    return !discovery::is_link_local(local.address) || !with_six.insert(local.index).second;
  });
  const auto is = [](const os::InterfaceAddress& local, const std::string& name) {
    return local.interface == name || local.address.to_string() == name;
  };
  std::set<std::string> names;
  for (const os::InterfaceAddress& local : *all) names.insert(local.interface);
  for (const std::string& name : wanted)
    if (std::none_of(all->begin(), all->end(), [&](const auto& local) { return is(local, name); }))
      return fail(ErrorCode::kUsage, fmt::format("there is no interface '{}' that is up", name),
                  names.empty() ? std::string() : fmt::format("there are {}", fmt::join(names, ", ")));
  if (!wanted.empty())
    std::erase_if(*all, [&](const os::InterfaceAddress& local) {
      return std::none_of(wanted.begin(), wanted.end(), [&](const auto& name) { return is(local, name); });
    });
  return all;
}

}  // namespace

const std::vector<std::uint16_t>& default_sweep_ports() {
  static const std::vector<std::uint16_t> kPorts = {80,   554,  8000,  2020, 8080, 8899, 8554, 443,  5543,
                                                    8081, 8999, 10080, 888,  5000, 1000, 8443, 10554};
  return kPorts;
}

Result<void> scan(const ScanOptions& options, std::stop_token stop,
                  const std::function<void(const FoundDevice&)>& found,
                  const std::function<void(const ScanProgress&)>& progress) {
  auto locals = choose(options.interfaces);
  if (!locals) return fail(locals.error());
  auto plan = discovery::SweepPlan::make(options.networks);
  if (!plan) return fail(plan.error());
  if (options.ws_discovery)
    for (const auto& local : *locals)
      log::get().debug("WS-Discovery on {} ({})", local.interface, local.address.to_string());
  if (plan->host_count() > 0)
    log::get().debug("sweeping {} hosts on {} ports at {} connects a second", plan->host_count(),
                     (options.ports.empty() ? default_sweep_ports() : options.ports).size(),
                     options.connects_per_second);
  auto poller = os::Poller::create();
  if (!poller) return fail(poller.error());
  discovery::Scanner scanner(options, std::move(*locals), std::move(*plan), std::move(*poller), found,
                             progress);
  return scanner.run(stop);
}

}  // namespace camctl::onvif

// The checks of `camctl doctor`. Each looks and changes nothing; no device of the network is asked.
#pragma once

#include <string>
#include <vector>

#include "apps/common/config.h"
#include "apps/doctor/finding.h"
#include "base/os/firewall.h"
#include "base/result.h"

namespace camctl::doctor {

Findings check_versions();
// Which encoder transcoded pictures get.
Finding check_encoder(const apps::Settings& settings);
Finding check_clock();
// Against what `cameras` cameras and all the viewers that are let in may take.
Finding check_descriptors(const apps::Settings& settings, std::size_t cameras);

// One for each interface, of `only` where that is not empty.
Findings check_interfaces(const std::vector<std::string>& only);
// A probe of WS-Discovery to ourselves on each interface; takes half a second for each that fails.
Findings check_multicast(const std::vector<std::string>& only);
Finding check_firewall();
// The same of known rules.
Finding judge_firewall(const Result<std::vector<os::InputChain>>& chains);

// Those that `serve` is to listen on, and WS-Discovery's.
Findings check_ports(const apps::Settings& settings);

// Reads the configuration as every program does. `config` is what was read, or the defaults.
Findings check_configuration(apps::ConfigSources sources, apps::Config& config);
// The file of cameras. `count` is how many it has.
Findings check_cameras(const apps::Settings& settings, std::size_t& count);

}  // namespace camctl::doctor

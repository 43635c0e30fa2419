// The running virtual cameras: ONVIF, WS-Discovery and media of each, on one event loop.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/simulate/options.h"
#include "apps/simulate/plan.h"
#include "base/event_loop.h"
#include "base/result.h"

namespace camctl::simulate {

// All calls on the loop's thread.
class Simulation {
 public:
  // Takes the addresses and ports of every camera; they answer as soon as the loop runs. Nothing is left
  // open where one of them can't be had (kIo, naming it).
  static Result<std::unique_ptr<Simulation>> start(EventLoop& loop, const Options& options,
                                                   const std::vector<std::string>& interfaces,
                                                   std::vector<CameraPlan> plans);
  ~Simulation();

  // One record for each camera, as it is printed.
  std::vector<nlohmann::ordered_json> records() const;
  // WS-Discovery's Hello and Bye of every camera.
  void announce();
  void farewell();

 private:
  struct Impl;
  explicit Simulation(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace camctl::simulate

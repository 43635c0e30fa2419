// What a virtual device keeps between requests: where it looks, who listens to it, how it was set. Internal.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libonvif/virtual_device.h"

namespace camctl::onvif {

using VirtualTime = std::chrono::system_clock::time_point;  // of config.clock(), without its skew

// Pan, tilt and zoom that take time. At full velocity an axis crosses its range in four seconds.
class VirtualPtz {
 public:
  enum Axis : std::uint8_t { kPan, kTilt, kZoom };
  static constexpr std::size_t kAxes = 3;
  static constexpr std::chrono::seconds kCrossing{4};
  using Position = std::array<double, kAxes>;

  static double lowest(std::size_t axis) { return axis == kZoom ? 0 : -1; }

  double position(std::size_t axis, VirtualTime now) const;
  Position position(VirtualTime now) const;
  bool moving(std::size_t axis, VirtualTime now) const;
  // With this velocity (-1 to 1) until it is stopped, it arrives at its end, or the time is over.
  void move(std::size_t axis, double velocity, VirtualTime now,
            std::optional<std::chrono::milliseconds> timeout);
  void stop(std::size_t axis, VirtualTime now);
  void go(std::size_t axis, double target, VirtualTime now);  // at full velocity
  void go(const Position& target, VirtualTime now);

  struct Preset {
    std::string name;
    Position position{};
  };
  std::map<std::string, Preset> presets;  // by token
  unsigned next_preset = 1;
  Position home{};

 private:
  struct Motion {
    double from = 0, per_second = 0;
    VirtualTime since{};
    std::optional<VirtualTime> until;
  };
  std::array<Motion, kAxes> motions_{};
};

// Pull points on a motion detector that toggles in a fixed rhythm: what it says follows from the time alone.
class VirtualEvents {
 public:
  struct Subscription {
    VirtualTime ends{};
    std::uint64_t seen = 0;   // toggles that were told
    bool introduced = false;  // whether the properties' first values were told
  };
  struct Change {
    bool motion = false, initial = false;
    VirtualTime when{};
  };

  VirtualEvents(VirtualTime start, std::chrono::seconds rhythm) : start_(start), rhythm_(rhythm) {}

  // Nothing where there are too many already.
  std::optional<std::string> create(VirtualTime now, std::chrono::milliseconds lasts);
  // Null where it is over, or never was.
  Subscription* find(const std::string& id, VirtualTime now);
  void remove(const std::string& id) { subscriptions_.erase(id); }
  // What is new since the last time, at most `limit`, oldest first.
  std::vector<Change> take(Subscription& subscription, VirtualTime now, std::size_t limit) const;
  // When the next change comes.
  VirtualTime next(VirtualTime now) const { return start_ + (toggles(now) + 1) * rhythm_; }

 private:
  std::uint64_t toggles(VirtualTime now) const;

  VirtualTime start_;
  std::chrono::seconds rhythm_;
  std::map<std::string, Subscription> subscriptions_;
  unsigned last_id_ = 0;
};

inline constexpr std::size_t kMaxVirtualSubscriptions = 16;
inline constexpr std::size_t kMaxVirtualPresets = 32;

struct VirtualImaging {
  double brightness = 50, contrast = 50, saturation = 50, sharpness = 50;  // 0 to 100
  std::string ir_cut_filter = "AUTO";
};

struct VirtualState {
  explicit VirtualState(VirtualDeviceConfig the_config)
      : config(std::move(the_config)),
        hostname(config.serial),  // a camera's host name is a word, its own name may be anything
        events(config.clock(), config.motion_rhythm) {}

  VirtualTime now() const { return config.clock(); }
  // The profile whose video encoder has this token; null where there is none.
  VirtualProfile* encoder(const std::optional<std::string>& token);

  VirtualDeviceConfig config;  // as the services show it; what clients set changes it
  std::string hostname;
  std::string ntp_server;
  bool ntp = false;  // the clock follows it
  VirtualPtz ptz;
  VirtualImaging imaging;
  VirtualEvents events;
};

}  // namespace camctl::onvif

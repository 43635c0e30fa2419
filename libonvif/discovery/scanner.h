// One run of scan(): probes, sweep and confirmation in a single thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/os/interfaces.h"
#include "base/os/poller.h"
#include "libonvif/discovery.h"
#include "libonvif/discovery/connector.h"
#include "libonvif/discovery/http_check.h"
#include "libonvif/discovery/message.h"
#include "libonvif/discovery/probe_socket.h"
#include "libonvif/discovery/sweep_plan.h"

namespace camctl::onvif::discovery {

class Scanner {
 public:
  using Clock = std::chrono::steady_clock;
  using Found = std::function<void(const FoundDevice&)>;
  using Progress = std::function<void(const ScanProgress&)>;

  Scanner(const ScanOptions& options, std::vector<os::InterfaceAddress> locals, SweepPlan plan,
          os::Poller poller, Found found, Progress progress);

  Result<void> run(const std::stop_token& stop);

  static constexpr std::size_t kMaxDevices = 65'536;  // a flood of forged answers ends here

 private:
  // A device at a host, from its answer or from the sweep.
  struct Device {
    FoundDevice record;
    bool announced = false;  // by WS-Discovery, not only found by the sweep
    bool onvif = false;      // it says that it is ONVIF, or has proved it
    bool checked = false;    // the state is settled
    bool emitted = false;
    bool left_out = false;  // never told: no ONVIF device, or one with another of this host
    // Watching:
    bool seen = true;                // it has answered since the last look began
    bool gone = false;               // told to be gone; it may come back
    bool looking = false;            // being asked just now
    unsigned missed = 0;             // looks in vain, one after the other
    FoundDevice told;                // as last printed
    std::deque<std::string> to_try;  // addresses still to be asked
  };
  struct Host {
    std::size_t pending = 0;  // checks under way and ports still to be swept
    bool swept = false;       // its sweep has begun
    unsigned zone = 0;
    std::vector<std::uint16_t> rtsp_ports;
    std::deque<Device> devices;  // references stay valid while it grows
  };
  struct PortTask {
    IpAddress address;
    std::uint16_t port;
    bool sweep;  // counts as progress
  };
  struct PathCheck;  // the service paths of one open port, asked one after the other

  // scanner.cc: the loop
  Result<void> open_sockets();
  void send_probes(Clock::time_point now);
  void feed_sweep(Clock::time_point now);
  void wait_for_events();
  bool finished(Clock::time_point now) const;
  void report_progress();

  // scanner_announce.cc: what devices say
  void on_datagram(ProbeSocket& socket, std::string_view datagram, const IpAddress& from);
  void on_announcement(const Announcement& announcement, const IpAddress& from,
                       const os::InterfaceAddress& local);
  void check_announced(const IpAddress& address, Device& device);
  void on_announced_reply(const IpAddress& address, Device& device, const std::string& url,
                          const HttpOutcome& outcome);

  // scanner_sweep.cc: what ports say
  void begin_sweep(const IpAddress& address, bool first_in_line);
  void check_port(const PortTask& task, bool ask_rtsp);
  void on_port(const PortTask& task, bool asked_rtsp, const PortOutcome& outcome);
  void next_path(const std::shared_ptr<PathCheck>& check);
  void on_path_reply(const std::shared_ptr<PathCheck>& check, const HttpOutcome& outcome);
  void add_swept(const IpAddress& address, const std::string& url, const HttpOutcome& outcome);

  // scanner_emit.cc: records
  void judge(Device& device, const HttpOutcome& outcome) const;
  void settle(const IpAddress& address);
  void fold(Host& host) const;
  bool answered_over_ipv4(const FoundDevice& six) const;
  void emit(const IpAddress& address, Host& host, Device& device);
  void emit_rest();
  const os::InterfaceAddress* local_of(const IpAddress& address) const;

  // scanner_watch.cc: what happens afterwards
  void watch(Clock::time_point now);
  void look_again(const IpAddress& address, Device& device);
  void on_look(const IpAddress& address, Device& device, bool there);
  void on_return(const Announcement& announcement, const IpAddress& from, Device& device);
  void on_bye(const Announcement& announcement, const IpAddress& from);
  void tell(Device& device, const char* event);
  void tell_change(Device& device);

  const ScanOptions options_;
  const std::vector<std::uint16_t> ports_;
  const std::vector<os::InterfaceAddress> locals_;
  const std::string only_interface_;  // the one that was asked for; empty if none or several were
  const std::size_t jobs_;
  SweepPlan plan_;
  os::Poller poller_;
  Found found_;
  Progress progress_callback_;
  HttpCheck http_;
  Connector connector_;
  Pace pace_;

  std::vector<ProbeSocket> sockets_;  // their tags are their indices
  std::size_t probing_ = 0;           // so many of them, the first ones, send to the group
  std::optional<std::size_t> unicast_;
  std::vector<Reassembly> reassembly_;
  std::deque<Clock::duration> probe_times_;  // since the start, still to come
  Clock::time_point start_, window_end_, last_unicast_{};
  std::map<IpAddress, Host> hosts_;
  std::deque<PortTask> queue_;
  std::set<IpAddress> swept_early_;  // hosts whose turn came before the plan got to them
  bool plan_done_ = false;
  bool stopping_ = false;
  bool look_open_ = false;  // a look has begun and its answers are awaited
  Clock::time_point next_look_{};
  std::size_t devices_ = 0;
  ScanProgress progress_;
};

}  // namespace camctl::onvif::discovery

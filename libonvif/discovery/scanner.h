// One run of scan(): probes, sweep and confirmation in a single thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
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
#include "libonvif/discovery/mac_vendor.h"
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

  // A flood of forged answers ends here: an NVR may speak for its channels, a site has some thousand devices
  // of 2 KB each.
  static constexpr std::size_t kMaxDevices = 65'536, kMaxDevicesAtHost = 64, kMaxHeldBytes = 64u << 20;

 private:
  // A device at a host, from its answer or from the sweep.
  struct Device {
    FoundDevice record;
    bool announced = false;  // by WS-Discovery, not only found by the sweep
    bool onvif = false;      // it says that it is ONVIF, or has proved it
    bool checked = false;    // the state is settled
    bool emitted = false;
    bool left_out = false;  // never told: no ONVIF device, or one with another of this host
    std::size_t held = 0;   // bytes of the record, as counted
    // Which kinds of probe it answered (bits by ProbeKind), by multicast and as one that was sent to it
    // alone, and which of ours (bits by Asked::number) at all.
    unsigned kinds = 0, unicast_kinds = 0;
    std::uint64_t answered = 0;
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
    bool heard = false;       // something answered there
    bool retried = false;     // it was silent, and one of its ports has been tried again
    unsigned zone = 0;
    Clock::time_point first_connect{};
    std::vector<std::uint16_t> silent;  // ports that did not answer the first time
    std::vector<std::uint16_t> rtsp_ports;
    std::string rtsp_server;
    std::set<int> quirks;       // of the host, before a device is known there
    std::list<Device> devices;  // references stay valid while it grows
  };
  struct PortTask {
    IpAddress address;
    std::uint16_t port = 0;
    bool sweep = false;                             // counts as progress
    bool again = false;                             // the second and last attempt
    std::optional<ProbeKind> probe = std::nullopt;  // a datagram of WS-Discovery instead of a connect
  };
  // A probe that we have sent, by its MessageID.
  struct Asked {
    ProbeKind kind = ProbeKind::kTransmitter;
    bool multicast = false;
    unsigned number = 0;  // from 0 on
  };
  struct PathCheck;  // the service paths of one open port, asked one after the other

  // scanner.cc: the loop
  Result<void> open_sockets();
  Result<void> open_unicast();
  Result<void> open_listeners();
  std::string new_probe(ProbeKind kind, bool multicast);
  void send_probes(Clock::time_point now);
  void wait_for_events();
  bool finished(Clock::time_point now) const;
  void report_progress();

  // scanner_announce.cc: what devices say
  void on_datagram(ProbeSocket& socket, std::string_view datagram, bool joined, const IpAddress& from);
  void on_announcement(const Announcement& announcement, const IpAddress& from,
                       const os::InterfaceAddress& local);
  Device* add_device(Host& host, FoundDevice record);
  void note_answer(const Announcement& announcement, Device& device) const;
  void note_shared_endpoint(const IpAddress& address, Device& device);
  void check_announced(const IpAddress& address, Device& device);
  void on_announced_reply(const IpAddress& address, Device& device, const std::string& url,
                          const HttpOutcome& outcome);

  // scanner_sweep.cc: which ports are asked, and when
  void feed_sweep(Clock::time_point now);
  void plan_hosts();
  void begin_sweep(const IpAddress& address);
  void send_probe(const PortTask& task);
  bool check_port(const PortTask& task, bool ask_rtsp);
  Clock::duration patience_with(const PortTask& task);
  void try_again(const IpAddress& address, Host& host);
  void port_done(const IpAddress& address, Host& host);

  // scanner_ports.cc: what ports say
  void on_port(const PortTask& task, bool asked_rtsp, const PortOutcome& outcome);
  void next_path(const std::shared_ptr<PathCheck>& check);
  void on_path_reply(const std::shared_ptr<PathCheck>& check, const HttpOutcome& outcome);
  void add_swept(const IpAddress& address, const std::string& url, const HttpOutcome& outcome);

  // scanner_emit.cc: records
  void judge(Device& device, const HttpOutcome& outcome) const;
  bool more_kinds_may_come(const Device& device) const;
  void note_quirks(Device& device) const;
  void add_rtsp_only(const IpAddress& address, Host& host);
  std::string hardware_address(const IpAddress& address, unsigned zone);
  void settle(const IpAddress& address);
  void fold(Host& host) const;
  bool answered_over_ipv4(const FoundDevice& six) const;
  void emit(const IpAddress& address, Host& host, Device& device);
  void emit_rest();
  const os::InterfaceAddress* local_of(const IpAddress& address) const;

  // scanner_watch.cc: what happens afterwards
  void watch(Clock::time_point now);
  void begin_look(Clock::time_point now);
  void end_look();
  void forget_gone();
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
  std::optional<std::size_t> unicast_, unicast_six_;
  std::vector<Reassembly> reassembly_;
  std::map<std::string, Asked> asked_;
  std::map<ProbeKind, std::string> unicast_probes_;  // one message of each kind for all hosts
  std::deque<Clock::duration> probe_times_;          // since the start, still to come
  Clock::time_point start_, window_end_, kinds_end_, last_unicast_{};
  std::map<IpAddress, Host> hosts_;
  std::deque<PortTask> queue_;
  std::set<IpAddress> swept_early_;             // hosts whose turn came before the plan got to them
  std::vector<Patience> patience_;              // one for each network of the plan, and one for the rest
  std::map<std::string, IpAddress> endpoints_;  // who was the first to have it
  std::map<std::pair<IpAddress, unsigned>, std::string> neighbours_;
  Clock::time_point neighbours_read_{};
  MacVendors vendors_;
  bool plan_done_ = false;
  bool stopping_ = false;
  bool look_open_ = false;  // a look has begun and its answers are awaited
  Clock::time_point next_look_{};
  std::size_t devices_ = 0, held_ = 0;
  Clock::time_point last_progress_{};
  ScanProgress progress_;
};

}  // namespace camctl::onvif::discovery

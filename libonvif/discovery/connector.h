// Finds open TCP ports, many at once, and those of them that speak RTSP.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>

#include "base/cidr.h"
#include "base/os/fd.h"
#include "base/os/poller.h"

namespace camctl::onvif::discovery {

struct PortOutcome {
  bool open = false;
  bool heard = false;                                 // the host answered in any way: open or refused
  bool rtsp = false;                                  // an RTSP server answered OPTIONS (RFC 2326 §10.1)
  std::string server;                                 // and calls itself so
  std::chrono::steady_clock::duration round_trip{0};  // of the connect, where `heard`
};

class Connector {
 public:
  using Clock = std::chrono::steady_clock;
  using Done = std::function<void(const PortOutcome&)>;

  struct Task {
    IpAddress address;
    unsigned interface_index = 0;  // the zone of an IPv6 link-local address
    std::uint16_t port = 0;
    bool ask_rtsp = false;                  // asks OPTIONS once connected
    Clock::duration connect_timeout{1500};  // the system repeats a SYN after 1 s
    Done done;
  };

  // Events of its sockets come back with tags from `first_tag` on.
  // They use `interface` only, if it is not empty.
  Connector(os::Poller& poller, std::uint64_t first_tag, std::string interface);

  // Connects; `done` is called from on_event(), expire() or this call. False if the system has no descriptor
  // or port left just now: try again later.
  bool start(Task task);
  std::size_t pending() const { return connections_.size(); }

  void on_event(const os::Poller::Event& event);
  void expire(Clock::time_point now);  // gives up on what took too long
  // When expire() is to be called next; far away if nothing is pending.
  Clock::time_point next_deadline() const;

  // From OPTIONS to the first bytes of an answer: a camera's single-threaded server may be busy (quirk 42).
  static constexpr std::chrono::milliseconds kAnswerTimeout{1500};

 private:
  struct Connection {
    Task task;
    os::Fd fd;
    bool connected = false;
    Clock::time_point started{};
    Clock::duration round_trip{0};
    std::string received;
    std::multimap<Clock::time_point, std::uint64_t>::iterator deadline;
  };

  void connected(std::uint64_t tag, Connection& connection);
  void read_answer(std::uint64_t tag, Connection& connection);
  void finish_open(std::uint64_t tag, const Connection& connection);
  void finish(std::uint64_t tag, PortOutcome outcome);

  os::Poller& poller_;
  std::uint64_t next_tag_;
  std::string interface_;
  std::unordered_map<std::uint64_t, Connection> connections_;
  std::multimap<Clock::time_point, std::uint64_t> deadlines_;
};

}  // namespace camctl::onvif::discovery

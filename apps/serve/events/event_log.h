// What has happened lately, in memory: what cameras told and how they were.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "libhls/subscriptions.h"

namespace camctl::apps::serve {

// Of which cameras; nothing: of all.
using EventFilter = std::optional<std::set<std::string>>;

struct LoggedEvent {
  std::uint64_t id = 0;  // ascending, also from one run to the next
  std::string camera;
  std::chrono::system_clock::time_point time;  // ours
  std::string json;                            // one line
};
using LoggedEventPtr = std::shared_ptr<const LoggedEvent>;

// Thread-safe.
class EventLog {
 public:
  // Of one camera, so that a talkative one does not push out what the others told; and of one event.
  static constexpr std::size_t kMaxOfCamera = 200, kMaxBytesOfCamera = 256u << 10, kMaxEvent = 32u << 10;
  // Of all cameras: 400 of them with what is usual, 40 KB.
  static constexpr std::size_t kMaxBytes = 16u << 20;

  EventLog();

  // Keeps the record under a new "id", which is its first key, and tells those who listen. What is too long
  // loses "source", "key" and "data", and gets "truncated".
  void add(const std::string& camera, nlohmann::ordered_json record);

  // Of what is kept behind `after`, the oldest first: at least one, up to `bytes` of them.
  struct Batch {
    std::vector<LoggedEventPtr> events;
    std::uint64_t last = 0;  // where to go on from
    bool lost = false;       // something that the filter takes was forgotten between `after` and the first
  };
  Batch read(std::uint64_t after, const EventFilter& filter, std::size_t bytes) const;
  std::uint64_t newest() const;  // id; what is told from now on is greater

  // `notify` is called after each add(), on its thread, until the handle goes.
  std::shared_ptr<void> listen(std::function<void()> notify);

 private:
  struct OfCamera {
    std::deque<std::uint64_t> ids;
    std::size_t bytes = 0;
    std::uint64_t forgotten = 0;  // the last id that is not kept any more
  };
  void forget_oldest(const std::string& camera);

  mutable std::mutex mutex_;  // guards what follows
  std::map<std::uint64_t, LoggedEventPtr> events_;
  std::map<std::string, OfCamera> cameras_;
  std::size_t bytes_ = 0;
  std::uint64_t last_id_ = 0;

  hls::Subscriptions listeners_;  // by a lock of its own
};

}  // namespace camctl::apps::serve

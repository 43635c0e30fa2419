// What is asked of one camera by ONVIF: one thing after the other, by a session that is kept for the next.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "apps/device/device.h"
#include "apps/serve/devices/device_pool.h"
#include "apps/serve/devices/refusals.h"
#include "base/result.h"
#include "libonvif/device_session.h"
#include "libonvif/ptz.h"

namespace camctl::apps::serve {

// An open session. On the thread of the call that gets it.
class DeviceLink {
 public:
  DeviceLink(const device::Device& device, std::unique_ptr<onvif::DeviceSession> session)
      : device_(device), session_(std::move(session)) {}

  onvif::DeviceSession& session() { return *session_; }
  Result<onvif::Ptz*> ptz();  // found when it is first asked for
  // The camera's own picture, a JPEG; the last one where that is less than kFresh old.
  Result<std::shared_ptr<const std::string>> picture(const std::stop_token& stop);
  static constexpr std::chrono::seconds kFresh{1};

 private:
  Result<std::string> fetch_picture(const std::stop_token& stop);

  const device::Device& device_;
  std::unique_ptr<onvif::DeviceSession> session_;
  std::optional<onvif::Ptz> ptz_;
  std::shared_ptr<const std::string> picture_;
  std::chrono::steady_clock::time_point picture_at_;
};

// Thread-safe. The pool and the refusals must outlive it.
class DeviceLine : public std::enable_shared_from_this<DeviceLine> {
 public:
  using Clock = std::chrono::steady_clock;
  using Json = nlohmann::ordered_json;

  // Behind these, further calls are refused: a camera answers within some 100 ms.
  static constexpr std::size_t kMaxWaiting = 16;
  // A session costs a connection at the camera, and four requests to open.
  static constexpr std::chrono::seconds kKeep{60};
  static constexpr std::chrono::seconds kCallTime{5};
  // How often, and how far apart, a camera is told to stop that does not answer.
  static constexpr int kStopTries = 3;
  static constexpr std::chrono::seconds kStopAgain{1};

  DeviceLine(device::Device device, DevicePool& pool, Refusals& refusals)
      : device_(std::move(device)), pool_(pool), refusals_(refusals) {}

  const device::Device& access() const { return device_; }
  std::stop_token stopping() const { return stop_.get_token(); }  // for what a call asks beside the session

  // Calls `call` on a worker's thread, behind what was asked before, and `done` with what it returns: once,
  // on that thread, or within this call where too much waits (kLimit). While the camera's refusal of our
  // credentials counts, only `done`.
  using Call = std::function<Result<Json>(DeviceLink&)>;
  using Done = std::function<void(const Result<Json>&)>;
  void ask(Call call, Done done);

  // Turns the camera for so long, whoever goes meanwhile (quirk 93). Takes the place of moves that still
  // wait, which end with kCancelled.
  void move(const onvif::PtzVector& velocity, std::chrono::milliseconds time, Done done);
  // Before all that waits, in place of waiting moves.
  void stop_moving(Done done);

  // The end: ends what is asked, refuses what comes, and queues a last stop where the camera moves.
  void end();

 private:
  enum class Kind : std::uint8_t { kCall, kMove, kStop, kTidy };
  struct Job {
    Kind kind = Kind::kCall;
    Call call;
    std::vector<Done> done;
  };

  void add(Job job);
  void start(std::unique_lock<std::mutex> lock);
  std::vector<Job> take_moves();
  void work();
  Result<Json> run(const Job& job);
  Result<Json> try_once(const Job& job);
  Result<Json> turn(DeviceLink& link, const onvif::PtzVector& velocity, std::chrono::milliseconds time);
  Result<Json> halt(DeviceLink& link);
  void stop_when_due();
  void stopped(const Result<Json>& result, int tries_left);
  void stop_later(Clock::time_point when, int tries_left);

  const device::Device device_;
  DevicePool& pool_;
  Refusals& refusals_;
  std::stop_source stop_;
  std::mutex mutex_;  // guards what follows
  std::deque<Job> jobs_;
  bool working_ = false, ended_ = false, tidy_planned_ = false;
  std::optional<Clock::time_point> stop_at_;  // while it moves
  int stop_tries_ = 0;
  // The worker's.
  std::unique_ptr<DeviceLink> link_;
  Clock::time_point used_at_;
};
using DeviceLinePtr = std::shared_ptr<DeviceLine>;

}  // namespace camctl::apps::serve

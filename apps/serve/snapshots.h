// Snapshots of cameras: decoded and encoded on one worker, shared by all who ask.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "apps/serve/served_camera.h"
#include "base/media/access_unit.h"
#include "libhls/still.h"

namespace camctl::apps::serve {

struct Snapshot {
  hls::BodyPtr jpeg;
  std::string etag;
};

// Thread-safe.
class Snapshots {
 public:
  // A camera's picture is decoded at most so often; whoever asks earlier gets the last one.
  static constexpr std::chrono::seconds kFresh{1};
  // Decoded pictures kept for other sizes of the same second: 3 MB each for 1080p. Beyond, one is decoded
  // again.
  static constexpr std::size_t kKeptPictures = 8;
  // Sizes of one picture; more are refused (each costs encoding, and 50 to 500 KB).
  static constexpr std::size_t kMaxSizes = 8;
  // What nobody has asked for in this time is forgotten.
  static constexpr std::chrono::seconds kForget{10};

  Snapshots();
  ~Snapshots();  // what is being made is waited for (some 10 ms), the rest never answered
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  // Calls `done` with the newest key frame as JPEG, at most `width` wide (0: its own), within the call or on
  // the worker's thread. kNotFound before the first key frame; kLimit beyond kMaxSizes.
  using Done = std::function<void(const Result<Snapshot>&)>;
  void get(const ServedCameraPtr& camera, unsigned width, Done done);

  // Pictures decoded so far.
  std::size_t decoded() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting {
    unsigned width;
    Done done;
  };
  // Of one camera.
  struct Entry {
    std::weak_ptr<ServedCamera> camera;
    Clock::time_point made_at, used_at;
    media::AccessUnitPtr source;  // the key frame that `sizes` were made of
    std::map<unsigned, Result<Snapshot>> sizes;
    hls::StillPtr still;  // the worker's, of `source`
    std::vector<Waiting> waiting;
    std::set<unsigned> making;  // widths that the worker has taken and not answered yet
    bool queued = false;
  };
  using EntryPtr = std::shared_ptr<Entry>;

  static bool current(const Entry& entry, const hls::NewestGop& gop, Clock::time_point now);
  void work();
  void answer(Entry& entry, const std::vector<Waiting>& waiting);
  Result<Snapshot> make(Entry& entry, const media::StreamInfo& info, unsigned width);
  void keep(const EntryPtr& entry);
  void forget_old(Clock::time_point now);

  mutable std::mutex mutex_;  // guards all but what is the worker's
  std::condition_variable wake_;
  std::map<const ServedCamera*, EntryPtr> entries_;
  std::deque<EntryPtr> queue_;
  std::size_t decoded_ = 0;
  bool stopping_ = false;
  std::vector<EntryPtr> kept_;  // the worker's: those with a still, the longest unused first
  std::thread worker_;
};

}  // namespace camctl::apps::serve

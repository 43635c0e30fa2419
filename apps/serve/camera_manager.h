// The set of cameras that are served: started, restarted and stopped as files and configuration say.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "apps/common/camera.h"
#include "apps/common/config.h"
#include "apps/media/source_gate.h"
#include "apps/serve/gop_memory.h"
#include "apps/serve/served_camera.h"
#include "apps/serve/tiers/tier_encoders.h"
#include "apps/serve/tiers/transcode_slots.h"
#include "libhls/spool.h"

namespace camctl::apps::serve {

// What receives the stream. kConfig for an address that is not a camera's.
Result<media::SourceFactory> make_source(const Recipe& recipe);

// The credentials for an entry: its own, else those that the configuration has for the host of its URL, else
// `general` if the URL leads to the entry's own device. Never those of another host.
Credentials credentials_for(const Camera& camera, const std::vector<CredentialEntry>& entries,
                            const Credentials& general);

class CameraManager {
 public:
  // A camera is pinned to one of `loops`, which must outlive the manager and everything it hands out. What is
  // learned of cameras goes to `gop_file`; empty: nowhere.
  explicit CameraManager(std::vector<EventLoop*> loops, std::filesystem::path gop_file = {});
  ~CameraManager();  // without cameras, or after stop()

  struct Changes {
    std::size_t started = 0, restarted = 0, stopped = 0, kept = 0;
  };
  // Makes `cameras` the set that is served. Those whose recipe is unchanged go on undisturbed, unless
  // `try_refused` and their credentials were refused. One at a time.
  Changes apply(const std::vector<Camera>& cameras, const Settings& settings, const Credentials& general,
                bool try_refused = false);

  // Thread-safe. `id` may be "stream_0" or "0"; null: no such camera.
  ServedCameraPtr find(std::string_view id) const;
  // The same for somebody who wants its pictures: one that is idle is connected.
  ServedCameraPtr watch(std::string_view id) const;
  std::vector<ServedCameraPtr> all() const;  // in the order of the file

  // Keeps what was learned for the next run. Not beside apply().
  void remember();

  // Stops and drops all. True once no stream uses its loop or the disk any more; false if that takes longer
  // than `patience`, and then the loops must be left alone for good.
  bool stop(std::chrono::milliseconds patience);

 private:
  ServedCameraPtr make(const Camera& camera, Recipe recipe);
  void add_tiers(ServedCamera& main, EventLoop& loop, const Camera& camera, Recipe recipe,
                 const Presentation& presentation);
  ServedCameraPtr make_one(EventLoop& loop, const Camera& camera, Recipe recipe,
                           const Presentation& presentation);

  struct Set {
    std::vector<ServedCameraPtr> ordered;
    std::map<std::string, ServedCameraPtr, std::less<>> by_id;
  };
  std::shared_ptr<const Set> set() const;

  std::vector<EventLoop*> loops_;
  unsigned next_loop_ = 0;
  GopMemory gops_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::shared_ptr<SourceGate> gate_;  // settled by the first apply()
  const std::shared_ptr<TranscodeSlots> slots_ = std::make_shared<TranscodeSlots>(0);
  const std::shared_ptr<TierEncoders> encoders_ = std::make_shared<TierEncoders>();
  std::shared_ptr<hls::SpoolDisk> disk_;  // made for the first camera with dvr
  mutable std::mutex mutex_;
  std::shared_ptr<const Set> set_;  // guarded by mutex_
};

}  // namespace camctl::apps::serve

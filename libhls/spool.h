// Segments on disk, so that players can go back further than memory reaches (WindowOptions::dvr).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <thread>

#include "base/result.h"
#include "libhls/window.h"

namespace camctl::hls {

struct SpoolShared;  // what a disk, its spools and its files have in common
struct SpoolFile;

// Where a segment is on disk. Thread-safe.
class SpooledSegment {
 public:
  // False: it waits for its turn, or for the disk.
  bool written() const { return written_.load(std::memory_order_acquire); }

  // Of one that is written: `listed` with its media. Blocks on the disk. kIo, and broken() from then on.
  Result<SegmentPtr> read(const Segment& listed) const;

  // Its file can't be read: nothing that is in it counts any more.
  bool broken() const;
  // Which file it is in: those of one file come and go together.
  const void* file() const { return file_.get(); }

 private:
  friend struct SpoolShared;
  // Set before `written_`.
  std::shared_ptr<SpoolFile> file_;
  std::uint64_t offset_ = 0, size_ = 0;
  std::atomic<bool> written_{false};
};

// One stream's part of a disk. For one window; made by SpoolDisk::open().
class Spool {
 public:
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // Sets segment->spooled and queues it to be written. Not held by it: one that nobody else holds any more
  // when its turn comes is not written. Never blocks on the disk.
  void keep(const std::shared_ptr<Segment>& segment);
  // What was kept is no longer of use: the next segment begins a new file.
  void begin_file();
  // Nothing in this file is of use any more.
  void forget(const void* file);

  // The disk has no room for more: what is oldest must go.
  bool crowded() const;
  // True once after a segment could not be read.
  bool take_read_failure() { return read_failed_->exchange(false); }

 private:
  friend class SpoolDisk;
  friend struct SpoolShared;
  Spool(std::shared_ptr<SpoolShared> shared, std::chrono::milliseconds per_file);

  const std::shared_ptr<SpoolShared> shared_;
  const std::chrono::milliseconds per_file_;
  const std::shared_ptr<std::atomic<bool>> read_failed_ = std::make_shared<std::atomic<bool>>(false);
  struct Writing;
  const std::shared_ptr<Writing> writing_;
};

struct SpoolOptions {
  std::filesystem::path folder;  // made when it is first needed, for its owner alone
  std::uint64_t max_bytes = 0;   // of all files together; 0: what the disk has, less kFreeShare
  std::chrono::milliseconds retry{1000};
};

// The folder that segments are spooled to and the thread that writes them, one after the other, each once.
// The files have no names (O_TMPFILE): they end with the process, however it ends. A disk that fails or is
// full loses nothing but the way back: said once, and tried again by itself. Thread-safe.
class SpoolDisk {
 public:
  // 1/kFreeShare of the disk stays free for others.
  static constexpr std::uint64_t kFreeShare = 20;
  // A spool's files: so many for its length, whose oldest is freed as a whole.
  static constexpr int kFilesPerLength = 8;

  explicit SpoolDisk(SpoolOptions options);
  ~SpoolDisk();  // stop(), and waits for what is being written
  SpoolDisk(const SpoolDisk&) = delete;
  SpoolDisk& operator=(const SpoolDisk&) = delete;

  // For a stream whose window keeps about so much.
  std::shared_ptr<Spool> open(std::chrono::milliseconds length);

  // Ends writing for good. False: the disk does not answer within `patience`, and the destructor would hang.
  bool stop(std::chrono::milliseconds patience);

  std::uint64_t bytes() const;  // in all files
  // The last attempt to write has failed.
  bool failing() const;

 private:
  const std::shared_ptr<SpoolShared> shared_;
  std::thread worker_;
};

}  // namespace camctl::hls

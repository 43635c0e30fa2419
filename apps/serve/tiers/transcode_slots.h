// How many streams may be transcoded at once, over all cameras.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>

#include "base/media/source.h"
#include "base/result.h"

namespace camctl::apps::serve {

// Thread-safe.
class TranscodeSlots : public std::enable_shared_from_this<TranscodeSlots> {
 public:
  explicit TranscodeSlots(std::size_t limit) : limit_(limit) {}

  // Counts from the next one that is taken.
  void set_limit(std::size_t limit);
  std::size_t limit() const;
  std::size_t taken() const;

  // As long as the handle lives. kLimit where all are taken.
  Result<std::shared_ptr<void>> take();

  // Sources that each take one while they live, even beyond the limit: of cameras whose configuration says
  // that they are transcoded.
  media::SourceFactory counted(media::SourceFactory factory);

 private:
  std::shared_ptr<void> occupy();  // with mutex_ held

  mutable std::mutex mutex_;
  std::size_t limit_, taken_ = 0;  // guarded by mutex_
};

}  // namespace camctl::apps::serve

// A segment's media as bytes in a file, and back. Internal to spool.cc.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/media/access_unit.h"
#include "base/result.h"
#include "libhls/window.h"

namespace camctl::hls {

// What memory keeps of no segment that is on disk: its units, its parts and its lead-in. In the host's byte
// order: a record is read by the process that wrote it. Points into the segment.
class SegmentRecord {
 public:
  explicit SegmentRecord(const Segment& segment);

  std::uint64_t size() const { return size_; }
  // Writes it at `offset`. Blocks. kIo with the system's reason alone, and then what is there is undefined.
  Result<void> write(int fd, std::uint64_t offset) const;

 private:
  media::Bytes front_;  // header and tables
  std::vector<std::span<const std::uint8_t>> payload_;
  std::uint64_t size_ = 0;
};

// The whole segment again: `listed` with the media of the record of `size` bytes at `offset`. Blocks. kIo
// where it can't be read or is not what was written.
Result<SegmentPtr> read_segment(int fd, std::uint64_t offset, std::uint64_t size, const Segment& listed);

}  // namespace camctl::hls

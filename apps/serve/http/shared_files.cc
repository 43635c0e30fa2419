#include "apps/serve/http/shared_files.h"

#include <sys/mman.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include "base/log.h"

namespace camctl::apps::serve {
namespace {

constexpr std::size_t kMaxPieces = 256;  // of one writev

bool write_all(int file, std::span<const std::span<const std::uint8_t>> pieces) {
  while (!pieces.empty()) {
    std::array<iovec, kMaxPieces> vectors;
    const auto count = std::min(pieces.size(), kMaxPieces);
    std::size_t size = 0;
    for (std::size_t i = 0; i < count; ++i) {
      vectors[i] = {const_cast<std::uint8_t*>(pieces[i].data()), pieces[i].size()};
      size += pieces[i].size();
    }
    // Memory takes all or, where there is none left, less.
    if (::writev(file, vectors.data(), static_cast<int>(count)) != static_cast<ssize_t>(size)) return false;
    pieces = pieces.subspan(count);
  }
  return true;
}

// Null where the system has no more memory or descriptors: the pieces are still there.
SharedFile make_file(const hls::Body& body) {
  auto file = std::make_shared<os::Fd>(::memfd_create("camctl-segment", MFD_CLOEXEC));
  if (*file && write_all(file->get(), body.pieces)) return file;
  log::get().debug("no file in memory for {} bytes: error {}", body.size, errno);
  return nullptr;
}

}  // namespace

SharedFile SharedFiles::request(const hls::BodyPtr& body, Clock::time_point now) {
  if (!body || body->size < kSmallestBody) return nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(body);
    if (found == entries_.end() && entries_.size() >= kMaxBodies) return nullptr;
    auto& entry = found == entries_.end() ? entries_[body] : found->second;
    entry.last = now;
    if (entry.file) return entry.file;
    if (++entry.asked < kAskedOften || entry.bytes > 0 || bytes_ + body->size > kMaxBytes) return nullptr;
    entry.bytes = body->size;
    bytes_ += body->size;
  }
  // Without the lock: others send pieces meanwhile.
  auto file = make_file(*body);
  const std::lock_guard lock(mutex_);
  auto& entry = entries_[body];  // what is being made is not forgotten
  entry.file = file;
  if (!file) {
    bytes_ -= std::exchange(entry.bytes, 0);
    entry.asked = 0;
  }
  return file;
}

bool SharedFiles::forget_idle(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const auto& item) {
    const auto& entry = item.second;
    const bool being_made = entry.bytes > 0 && !entry.file;
    if (being_made || now - entry.last < kIdle) return false;
    bytes_ -= entry.bytes;
    return true;
  });
  return entries_.empty();
}

}  // namespace camctl::apps::serve

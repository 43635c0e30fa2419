#include "apps/serve/snapshots.h"

#include <pthread.h>

#include <set>
#include <string_view>
#include <utility>

namespace camctl::apps::serve {
namespace {

Snapshot snapshot_of(media::Bytes bytes) {
  auto owner = std::make_shared<const media::Bytes>(std::move(bytes));
  auto body = std::make_shared<hls::Body>();
  body->pieces.emplace_back(*owner);
  body->size = owner->size();
  Snapshot snapshot;
  snapshot.etag = content_etag(std::string_view(reinterpret_cast<const char*>(owner->data()), owner->size()));
  body->owners.push_back(std::move(owner));
  snapshot.jpeg = std::move(body);
  return snapshot;
}

}  // namespace

Snapshots::Snapshots() : worker_([this] { work(); }) {
  pthread_setname_np(worker_.native_handle(), "snapshots");
}

Snapshots::~Snapshots() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  worker_.join();
}

// True where what was made is still what a viewer should get.
bool Snapshots::current(const Entry& entry, const hls::NewestGop& gop, Clock::time_point now) {
  if (!entry.source) return false;
  return now - entry.made_at < kFresh || (!gop.units.empty() && gop.units.front() == entry.source);
}

void Snapshots::get(const ServedCameraPtr& camera, unsigned width, Done done) {
  const auto now = Clock::now();
  const auto gop = camera->stream().newest_gop();
  if (gop.units.empty()) return done(fail(ErrorCode::kNotFound, "there is no picture yet"));
  Result<Snapshot> ready =
      fail(ErrorCode::kLimit, "this picture was asked for in too many sizes", "ask again in a second");
  {
    const std::lock_guard lock(mutex_);
    auto& entry = entries_[camera.get()];
    // Another camera may live where a forgotten one did.
    if (!entry || entry->camera.lock() != camera) {
      entry = std::make_shared<Entry>();
      entry->camera = camera;
    }
    entry->used_at = now;
    const auto made = entry->sizes.find(width);
    const bool is_current = current(*entry, gop, now);
    auto asked_for = entry->making;
    if (is_current)
      for (const auto& [size, snapshot] : entry->sizes) asked_for.insert(size);
    for (const auto& other : entry->waiting) asked_for.insert(other.width);
    if (is_current && made != entry->sizes.end()) {
      ready = made->second;
    } else if (asked_for.contains(width) || asked_for.size() < kMaxSizes) {
      entry->waiting.push_back({width, std::move(done)});
      if (std::exchange(entry->queued, true)) return;
      queue_.push_back(entry);
      wake_.notify_one();
      return;
    }
  }
  done(ready);
}

std::size_t Snapshots::decoded() const {
  const std::lock_guard lock(mutex_);
  return decoded_;
}

void Snapshots::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto something = [this] { return stopping_ || !queue_.empty(); };
    if (entries_.empty())
      wake_.wait(lock, something);
    else if (!wake_.wait_for(lock, kFresh, something))
      forget_old(Clock::now());
    if (stopping_) return;
    if (queue_.empty()) continue;
    const auto entry = std::move(queue_.front());
    queue_.pop_front();
    entry->queued = false;
    const auto waiting = std::exchange(entry->waiting, {});
    for (const auto& one : waiting) entry->making.insert(one.width);
    lock.unlock();
    answer(*entry, waiting);
    keep(entry);
    lock.lock();
    entry->making.clear();
  }
}

void Snapshots::answer(Entry& entry, const std::vector<Waiting>& waiting) {
  const auto camera = entry.camera.lock();
  const auto gop = camera ? camera->stream().newest_gop() : hls::NewestGop{};
  if (gop.units.empty()) {
    for (const auto& one : waiting) one.done(fail(ErrorCode::kNotFound, "there is no picture (any more)"));
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    if (!current(entry, gop, now)) {
      entry.source = gop.units.front();
      entry.made_at = now;
      entry.sizes.clear();
      entry.still.reset();
    }
  }
  for (const auto& one : waiting) {
    auto known = entry.sizes.find(one.width);  // no other thread changes them
    if (known == entry.sizes.end()) {
      auto made = make(entry, *gop.info, one.width);
      const std::lock_guard lock(mutex_);
      known = entry.sizes.emplace(one.width, std::move(made)).first;
    }
    one.done(known->second);
  }
}

Result<Snapshot> Snapshots::make(Entry& entry, const media::StreamInfo& info, unsigned width) {
  if (!info.video) return fail(ErrorCode::kUnsupported, "the camera sends no pictures");
  if (!entry.still) {
    auto still = hls::Still::decode(*info.video, entry.source->data);
    {
      const std::lock_guard lock(mutex_);
      ++decoded_;
    }
    if (!still) return fail(still.error());
    entry.still = std::move(*still);
  }
  auto jpeg = entry.still->jpeg(width);
  if (!jpeg) return fail(jpeg.error());
  return snapshot_of(std::move(*jpeg));
}

void Snapshots::keep(const EntryPtr& entry) {
  std::erase(kept_, entry);
  if (!entry->still) return;
  kept_.push_back(entry);
  if (kept_.size() <= kKeptPictures) return;
  kept_.front()->still.reset();
  kept_.erase(kept_.begin());
}

void Snapshots::forget_old(Clock::time_point now) {
  std::erase_if(kept_, [&](const EntryPtr& entry) {
    if (now - entry->made_at < kFresh) return false;
    entry->still.reset();
    return true;
  });
  std::erase_if(entries_,
                [&](const auto& one) { return now - one.second->used_at > kForget && !one.second->queued; });
}

}  // namespace camctl::apps::serve

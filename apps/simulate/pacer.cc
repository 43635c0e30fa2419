#include "apps/simulate/pacer.h"

#include <algorithm>

namespace camctl::simulate {

void Pacer::add(Player& player, Clock::time_point due) {
  entries_.push_back({&player, due});
  arm();
}

void Pacer::remove(Player& player) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.player == &player; });
}

void Pacer::arm() {
  if (entries_.empty()) return;
  const auto earliest = std::ranges::min(entries_, {}, &Entry::due).due;
  const auto at = std::max(earliest, last_run_ + kShortestSleep);
  if (armed_ != Clock::time_point{} && armed_ <= at) return;
  armed_ = at;
  timer_.after(std::max(at - now(), Clock::duration::zero()), [this] { run(); });
}

void Pacer::run() {
  armed_ = {};
  last_run_ = now();
  for (auto& entry : entries_)
    if (entry.due <= last_run_) entry.due = entry.player->play(last_run_);
  arm();
}

}  // namespace camctl::simulate

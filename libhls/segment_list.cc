#include "libhls/segment_list.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "libhls/window.h"

namespace camctl::hls {

SegmentList::SegmentList(std::initializer_list<SegmentPtr> segments) {
  for (const auto& segment : segments) push_back(segment);
}

SegmentList::Place SegmentList::place(std::size_t index) const {
  assert(index < size_);
  const auto first = pieces_.front()->size();
  if (index < first) return {0, index};
  return {1 + (index - first) / kPiece, (index - first) % kPiece};
}

const SegmentPtr& SegmentList::operator[](std::size_t index) const {
  const auto [piece, in_piece] = place(index);
  return (*pieces_[piece])[in_piece];
}

SegmentList::Iterator SegmentList::lower_bound(std::uint64_t number) const {
  return std::lower_bound(begin(), end(), number,
                          [](const SegmentPtr& segment, std::uint64_t n) { return segment->number < n; });
}

SegmentPtr SegmentList::find(std::uint64_t number) const {
  const auto found = lower_bound(number);
  return found != end() && (*found)->number == number ? *found : nullptr;
}

void SegmentList::push_back(SegmentPtr segment) {
  duration_ += segment->duration;
  ++size_;
  auto piece = std::make_shared<Piece>();
  const bool fits = !pieces_.empty() && pieces_.back()->size() < kPiece;
  if (fits) {
    piece->reserve(pieces_.back()->size() + 1);
    *piece = *pieces_.back();
  }
  piece->push_back(std::move(segment));
  if (fits)
    pieces_.back() = std::move(piece);
  else
    pieces_.push_back(std::move(piece));
}

void SegmentList::pop_front() {
  assert(size_ > 0);
  const auto& first = *pieces_.front();
  duration_ -= first.front()->duration;
  --size_;
  // Copied without it, so that what left the list does not stay in memory.
  if (first.size() == 1)
    pieces_.erase(pieces_.begin());
  else
    pieces_.front() = std::make_shared<const Piece>(first.begin() + 1, first.end());
}

void SegmentList::replace(const SegmentPtr& segment) {
  const auto found = lower_bound(segment->number);
  if (found == end() || (*found)->number != segment->number) return;
  const auto [piece, in_piece] = place(static_cast<std::size_t>(found - begin()));
  auto copy = std::make_shared<Piece>(*pieces_[piece]);
  (*copy)[in_piece] = segment;
  pieces_[piece] = std::move(copy);
}

}  // namespace camctl::hls

// The segments of a playlist, oldest first: a value that is cheap to copy however long it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "libhls/timeline.h"

namespace camctl::hls {

struct Segment;
using SegmentPtr = std::shared_ptr<const Segment>;

// Copies share what they have in common: a window publishes a state with each part, and a list of a day has
// tens of thousands of segments. Changes copy one piece of the list. A value like a vector; not thread-safe.
class SegmentList {
 public:
  class Iterator {
   public:
    using iterator_category = std::random_access_iterator_tag;
    using value_type = SegmentPtr;
    using difference_type = std::ptrdiff_t;
    using pointer = const SegmentPtr*;
    using reference = const SegmentPtr&;

    Iterator() = default;
    Iterator(const SegmentList* list, std::size_t at) : list_(list), at_(at) {}
    reference operator*() const { return (*list_)[at_]; }
    pointer operator->() const { return &(*list_)[at_]; }
    reference operator[](difference_type n) const { return *(*this + n); }
    Iterator& operator+=(difference_type n) {
      at_ = static_cast<std::size_t>(static_cast<difference_type>(at_) + n);
      return *this;
    }
    Iterator& operator-=(difference_type n) { return *this += -n; }
    Iterator& operator++() { return *this += 1; }
    Iterator& operator--() { return *this -= 1; }
    Iterator operator++(int) { return std::exchange(*this, *this + 1); }
    Iterator operator--(int) { return std::exchange(*this, *this - 1); }
    friend Iterator operator+(Iterator it, difference_type n) { return it += n; }
    friend Iterator operator-(Iterator it, difference_type n) { return it -= n; }
    friend difference_type operator-(const Iterator& a, const Iterator& b) {
      return static_cast<difference_type>(a.at_) - static_cast<difference_type>(b.at_);
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }
    friend auto operator<=>(const Iterator& a, const Iterator& b) { return a.at_ <=> b.at_; }

   private:
    const SegmentList* list_ = nullptr;
    std::size_t at_ = 0;
  };

  SegmentList() = default;
  SegmentList(std::initializer_list<SegmentPtr> segments);

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  MediaTime duration() const { return duration_; }  // of all of them
  const SegmentPtr& operator[](std::size_t index) const;
  const SegmentPtr& front() const { return (*this)[0]; }
  const SegmentPtr& back() const { return (*this)[size_ - 1]; }
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size_}; }
  // By its media sequence number; null: it is not among them.
  SegmentPtr find(std::uint64_t number) const;

  void push_back(SegmentPtr segment);
  void pop_front();
  // Puts `segment` in the place of the one with its number and duration, where there is one.
  void replace(const SegmentPtr& segment);
  void clear() { *this = {}; }

 private:
  // Up to kPiece segments: all pieces but the first and the last are full.
  using Piece = std::vector<SegmentPtr>;
  static constexpr std::size_t kPiece = 64;
  struct Place {
    std::size_t piece, in_piece;
  };
  Place place(std::size_t index) const;
  Iterator lower_bound(std::uint64_t number) const;

  std::vector<std::shared_ptr<const Piece>> pieces_;
  std::size_t size_ = 0;
  MediaTime duration_{};
};

}  // namespace camctl::hls

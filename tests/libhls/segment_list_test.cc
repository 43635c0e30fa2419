#include "libhls/segment_list.h"

#include <doctest/doctest.h>

#include <deque>
#include <random>

#include "libhls/window.h"

namespace camctl::hls {
namespace {

SegmentPtr segment(std::uint64_t number) {
  auto out = std::make_shared<Segment>();
  out->number = number;
  out->duration = MediaTime(static_cast<std::int64_t>(90'000 + number));
  return out;
}

void check_same(const SegmentList& list, const std::deque<SegmentPtr>& model) {
  REQUIRE(list.size() == model.size());
  CHECK(std::equal(list.begin(), list.end(), model.begin()));
  MediaTime sum{};
  for (const auto& one : model) sum += one->duration;
  CHECK(list.duration() == sum);
  CHECK(list.empty() == model.empty());
  if (model.empty()) return;
  CHECK(list.front() == model.front());
  CHECK(list.back() == model.back());
  CHECK(list.find(model.front()->number) == model.front());
  CHECK(list.find(model[model.size() / 2]->number) == model[model.size() / 2]);
  CHECK(list.find(model.front()->number - 1) == nullptr);
  CHECK(list.find(model.back()->number + 1) == nullptr);
}

TEST_CASE("segment list: is a deque whose copies stay as they were") {
  std::mt19937 random(1);
  SegmentList list, old_list;
  std::deque<SegmentPtr> model, old_model;
  std::uint64_t next = 10;
  for (int step = 0; step < 3'000; ++step) {
    // Grows to some hundreds, and is emptied now and then.
    const bool shrink = step % 1'000 > 900;
    if (model.empty() || (!shrink && random() % 3 > 0)) {
      list.push_back(segment(next));
      model.push_back(list.back());
      next += 1 + random() % 2;  // gaps in the numbers
    } else if (random() % 4 == 0) {
      const auto at = random() % model.size();
      model[at] = std::make_shared<Segment>(*model[at]);
      list.replace(model[at]);
    } else {
      list.pop_front();
      model.pop_front();
    }
    if (step % 50 != 0) continue;
    check_same(list, model);
    check_same(old_list, old_model);
    old_list = list;
    old_model = model;
  }
}

TEST_CASE("segment list: what was taken off is let go") {
  SegmentList list;
  for (std::uint64_t i = 0; i < 200; ++i) list.push_back(segment(i));
  const std::weak_ptr<const Segment> first = list.front(), middle = list[100];
  list.pop_front();
  CHECK(first.expired());
  list.replace(segment(100));
  CHECK(middle.expired());
  list.replace(segment(500));  // not among them
  CHECK(list.size() == 199);
}

}  // namespace
}  // namespace camctl::hls

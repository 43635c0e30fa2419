// A sink that keeps all that a source delivers, and a loop that runs until the source has ended.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "base/event_loop.h"
#include "base/media/source.h"

namespace camctl::tests {

struct Collector final : media::SourceSink {
  void on_stream(media::StreamInfoPtr info) override { infos.push_back(std::move(info)); }
  void on_access_unit(media::AccessUnit unit) override {
    units.push_back(std::move(unit));
    if (stop_after != 0 && units.size() == stop_after) loop.stop();
  }
  void on_end(Result<void> reason) override {
    end = std::move(reason);
    loop.stop();
  }

  // Runs `source` until its end, `stop_after` units, or 10 s.
  void run(std::unique_ptr<media::Source> source) {
    Timer limit(loop);
    limit.after(std::chrono::seconds(10), [this] { loop.stop(); });
    loop.post([&] { source->start(loop, *this); });
    loop.run();
    source->stop();
  }

  std::size_t count(media::TrackKind kind) const {
    std::size_t result = 0;
    for (const auto& unit : units) result += unit.track == kind ? 1 : 0;
    return result;
  }

  EventLoop loop;
  std::size_t stop_after = 0;
  std::vector<media::StreamInfoPtr> infos;
  std::vector<media::AccessUnit> units;
  std::optional<Result<void>> end;
};

}  // namespace camctl::tests

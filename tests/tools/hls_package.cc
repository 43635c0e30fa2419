// Packages a media file by libhls's core into a folder: playlist.m3u8 with its playlist{n}.ts, media.m3u8
// with its init-{v}.mp4 and seg{n}.m4s, index.m3u8. For tests that have others re-read what we write.
//   hls_package FILE FOLDER [SEGMENT_MS] [CUT_AFTER_UNITS]
// CUT_AFTER_UNITS simulates a lost session (a reconnect of 5 s) after so many units.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "base/event_loop.h"
#include "base/url.h"
#include "libhls/ffmpeg_source.h"
#include "libhls/packager_fmp4.h"
#include "libhls/packager_ts.h"
#include "libhls/playlist.h"
#include "libhls/window.h"

namespace {

using namespace camctl;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

struct Options {
  std::filesystem::path file, folder;
  std::chrono::milliseconds segment{2000};
  std::size_t cut_after = 0;
};

// A window that keeps all, fed as a live stream would feed it.
class Packager : public media::SourceSink {
 public:
  Packager(EventLoop& loop, const Options& options)
      : loop_(loop),
        options_(options),
        window_({options.segment, 100'000, 4s, std::size_t{4} << 30}),
        timeline_(start_) {}

  void on_stream(media::StreamInfoPtr info) override {
    timeline_.set_info(*info);
    window_.set_info(info);
    info_ = std::move(info);
  }

  void on_access_unit(media::AccessUnit unit) override {
    if (options_.cut_after != 0 && ++units_ == options_.cut_after) {
      window_.interrupt(start_ + outage_);
      timeline_.reconnect();
      outage_ += 5s;
    }
    // The file's own times say when a camera would have sent this unit.
    const auto& rate =
        unit.track == media::TrackKind::kVideo ? info_->video->clock_rate : info_->audio->clock_rate;
    const auto time = unit.dts == media::kNoTime ? unit.pts : unit.dts;
    if (!first_) first_ = hls::to_media_time(time, rate);
    unit.arrival =
        start_ + 100ms + outage_ +
        std::chrono::duration_cast<steady_clock::duration>(hls::to_media_time(time, rate) - *first_);
    const auto brk = timeline_.apply(unit);
    window_.push(std::move(unit), brk);
  }

  void on_end(Result<void> reason) override {
    if (!reason) std::cerr << reason.error().message << '\n';
    window_.end();
    failed_ = !reason || !write_all();
    loop_.stop();
  }

  bool failed() const { return failed_; }

 private:
  bool write(const std::string& name, const Result<hls::BodyPtr>& body) {
    if (!body) {
      std::cerr << name << ": " << body.error().message << '\n';
      return false;
    }
    std::ofstream out(options_.folder / name, std::ios::binary);
    for (const auto piece : (*body)->pieces) {
      out.write(reinterpret_cast<const char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
    }
    return out.good();
  }

  bool write(const std::string& name, const Result<std::string>& text) {
    if (!text) {
      std::cerr << name << ": " << text.error().message << '\n';
      return false;
    }
    std::ofstream(options_.folder / name) << *text;
    return true;
  }

  bool write_all() {
    const auto state = window_.state();
    const auto variant = hls::variant(*state, *info_, "media.m3u8");
    const auto index = variant ? Result<std::string>(hls::multivariant_playlist({&*variant, 1}))
                               : Result<std::string>(fail(variant.error()));
    bool good = write("playlist.m3u8", hls::ts_media_playlist(*state)) &&
                write("media.m3u8", hls::fmp4_media_playlist(*state)) && write("index.m3u8", index);
    for (const auto& segment : state->segments) {
      good = good && write(hls::ts_segment_name(segment->number), hls::package_ts(*segment)) &&
             write(hls::fmp4_segment_name(segment->number), hls::package_fmp4(*segment)) &&
             write(hls::init_segment_name(segment->init_version), hls::package_init(*segment->info));
    }
    return good;
  }

  EventLoop& loop_;
  const Options options_;
  const steady_clock::time_point start_ = steady_clock::now();
  hls::Window window_;
  hls::Timeline timeline_;
  media::StreamInfoPtr info_;
  std::optional<hls::MediaTime> first_;
  std::chrono::seconds outage_{0};
  std::size_t units_ = 0;
  bool failed_ = true;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: hls_package FILE FOLDER [SEGMENT_MS] [CUT_AFTER_UNITS]\n", stderr);
    return 2;
  }
  Options options{argv[1], argv[2]};
  if (argc > 3) options.segment = std::chrono::milliseconds(std::stoi(argv[3]));
  if (argc > 4) options.cut_after = static_cast<std::size_t>(std::stoi(argv[4]));
  hls::FfmpegSourceOptions source_options;
  source_options.url.scheme = "file";
  source_options.url.target = std::filesystem::absolute(options.file).string();
  source_options.allow_files = true;
  EventLoop loop;
  Packager packager(loop, options);
  const auto source = hls::make_ffmpeg_source(source_options);
  loop.post([&] { source->start(loop, packager); });
  loop.run();
  source->stop();
  return packager.failed() ? 1 : 0;
}

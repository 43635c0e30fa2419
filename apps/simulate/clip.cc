#include "apps/simulate/clip.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "libhls/ffmpeg/av.h"
#include "libhls/ffmpeg/normalize.h"
#include "libhls/still.h"
#include "librtsp/packetizer.h"

namespace camctl::simulate {
namespace {

namespace av = hls::av;
using media::Codec;
using std::chrono::microseconds;

constexpr int kIoBuffer = 64 << 10;
constexpr std::size_t kG711Packet = 320;  // bytes; whatever the film has, cameras send 20 to 60 ms

// A film in memory, as libavformat's input.
class MemoryInput {
 public:
  explicit MemoryInput(std::string_view bytes) : bytes_(bytes) {
    auto* buffer = static_cast<std::uint8_t*>(av_malloc(kIoBuffer));
    context_ = avio_alloc_context(buffer, kIoBuffer, 0, this, read, nullptr, seek);
  }
  ~MemoryInput() {
    av_free(context_->buffer);
    avio_context_free(&context_);
  }
  MemoryInput(const MemoryInput&) = delete;
  MemoryInput& operator=(const MemoryInput&) = delete;
  AVIOContext* context() { return context_; }

 private:
  static int read(void* opaque, std::uint8_t* to, int size) {
    auto& self = *static_cast<MemoryInput*>(opaque);
    const auto count = std::min(static_cast<std::size_t>(size), self.bytes_.size() - self.at_);
    if (count == 0) return AVERROR_EOF;
    std::memcpy(to, self.bytes_.data() + self.at_, count);
    self.at_ += count;
    return static_cast<int>(count);
  }
  static std::int64_t seek(void* opaque, std::int64_t offset, int whence) {
    auto& self = *static_cast<MemoryInput*>(opaque);
    const auto size = static_cast<std::int64_t>(self.bytes_.size());
    if (whence & AVSEEK_SIZE) return size;
    const auto base = whence == SEEK_CUR   ? static_cast<std::int64_t>(self.at_)
                      : whence == SEEK_END ? size
                                           : 0;
    if (base + offset < 0 || base + offset > size) return AVERROR(EINVAL);
    self.at_ = static_cast<std::size_t>(base + offset);
    return base + offset;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  AVIOContext* context_ = nullptr;
};

microseconds to_time(media::Ticks ticks, std::uint32_t clock) {
  return microseconds(av_rescale(ticks, 1'000'000, clock));
}

// Reads one film's tracks into a clip.
class ClipReader {
 public:
  ClipReader(AVFormatContext& context, std::string_view name) : context_(context), name_(name) {}

  Result<ClipPtr> read() {
    if (auto chosen = choose_tracks(); !chosen) return fail(chosen.error());
    read_packets();
    if (clip_.units.empty() || !video_->ready())
      return fail(ErrorCode::kNotFound, fmt::format("no key frame in {}", name_));
    finish();
    const auto still = hls::Still::decode(video_->info(), clip_.units.front().data);
    if (!still) return fail(still.error());
    const auto jpeg = (*still)->jpeg();
    if (!jpeg) return fail(jpeg.error());
    clip_.jpeg.assign(jpeg->begin(), jpeg->end());
    return std::make_shared<const Clip>(std::move(clip_));
  }

 private:
  Result<void> choose_tracks() {
    if (const int error = avformat_find_stream_info(&context_, nullptr); error < 0)
      return fail(av::error(fmt::format("reading {}", name_), error));
    const int video = av_find_best_stream(&context_, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    if (video < 0) return fail(ErrorCode::kUnsupported, fmt::format("no video in {}", name_));
    video_.emplace(*context_.streams[video]);
    video_index_ = video;
    const auto codec = video_->info().codec;
    if (codec != Codec::kH264 && codec != Codec::kH265) {
      const auto* codec_name = avcodec_get_name(context_.streams[video]->codecpar->codec_id);
      return fail(ErrorCode::kUnsupported, fmt::format("the video in {} is {}", name_, codec_name),
                  "convert it to H.264 or H.265");
    }
    const int audio = av_find_best_stream(&context_, AVMEDIA_TYPE_AUDIO, -1, video, nullptr, 0);
    if (audio < 0) return {};
    av::AudioTrack track(*context_.streams[audio]);
    if (!rtsp::Packetizer::supports(track.info().codec)) {
      log::get().warn("{}: its {} audio can't be sent over RTSP here and is left out", name_,
                      avcodec_get_name(context_.streams[audio]->codecpar->codec_id));
      return {};
    }
    audio_.emplace(std::move(track));
    audio_index_ = audio;
    return {};
  }

  void read_packets() {
    const auto packet = av::make_packet();
    std::size_t bytes = 0;
    while (bytes < ClipLibrary::kMaxFileBytes && av_read_frame(&context_, packet.get()) == 0) {
      std::optional<media::AccessUnit> unit;
      if (packet->stream_index == video_index_) unit = video_->unit(*packet);
      if (packet->stream_index == audio_index_) unit = audio_->unit(*packet);
      if (unit) {
        bytes += unit->data.size();
        take(std::move(*unit));
      }
      av_packet_unref(packet.get());
    }
    if (bytes >= ClipLibrary::kMaxFileBytes)
      log::get().warn("{}: only its first {} MiB are played", name_, ClipLibrary::kMaxFileBytes >> 20);
  }

  // Everything before the first key frame is left out; times count from there.
  void take(media::AccessUnit unit) {
    const bool is_video = unit.track == media::TrackKind::kVideo;
    const auto clock = is_video ? video_->info().clock_rate : audio_->info().clock_rate;
    auto due = to_time(unit.dts, clock);
    if (!start_) {
      if (!is_video || !unit.key) return;
      start_ = due;
    }
    if (due < *start_ && !is_video) return;
    const auto pts = unit.pts - av_rescale(start_->count(), clock, 1'000'000);
    auto& last = is_video ? last_video_ : last_audio_;
    due = std::max(due, *start_ + last.first);  // the file's order is that of decoding, whatever its times
    last.second = due - *start_ - std::exchange(last.first, due - *start_);
    if (unit.duration > 0) last.second = to_time(unit.duration, clock);
    clip_.units.push_back({unit.track, unit.key, due - *start_, pts, std::move(unit.data)});
  }

  void finish() {
    split_samples();
    std::ranges::stable_sort(clip_.units, {}, &ClipUnit::due);
    // The video decides: sound that goes on for longer would make the picture stop at the seam.
    clip_.duration = last_video_.first + last_video_.second;
    std::erase_if(clip_.units, [this](const ClipUnit& unit) { return unit.due >= clip_.duration; });
    auto info = std::make_shared<media::StreamInfo>();
    info->video = video_->info();
    if (audio_ && audio_->ready()) info->audio = audio_->info();
    clip_.info = info;
    summarize();
  }

  // libavformat hands out G.711 in lumps of its own size.
  void split_samples() {
    if (!audio_) return;
    const auto& info = audio_->info();
    if (info.codec != Codec::kPcma && info.codec != Codec::kPcmu) return;
    std::vector<ClipUnit> units;
    for (auto& unit : clip_.units) {
      if (unit.track != media::TrackKind::kAudio) {
        units.push_back(std::move(unit));
        continue;
      }
      for (std::size_t at = 0; at < unit.data.size(); at += kG711Packet) {
        const auto samples = static_cast<media::Ticks>(at / std::max<std::size_t>(info.channels, 1));
        const auto size = std::min(kG711Packet, unit.data.size() - at);
        const auto from = unit.data.begin() + static_cast<std::ptrdiff_t>(at);
        units.push_back({unit.track, true, unit.due + to_time(samples, info.sample_rate),
                         unit.pts + samples * info.clock_rate / info.sample_rate,
                         media::Bytes(from, from + static_cast<std::ptrdiff_t>(size))});
      }
    }
    clip_.units = std::move(units);
  }

  void summarize() {
    auto& s = clip_.summary;
    const auto& video = *clip_.info->video;
    s.video = video.codec;
    s.width = video.width;
    s.height = video.height;
    std::size_t bytes = 0, frames = 0, keys = 0;
    for (const auto& unit : clip_.units) {
      if (unit.track != media::TrackKind::kVideo) continue;
      bytes += unit.data.size();
      ++frames;
      keys += unit.key ? 1 : 0;
    }
    const auto milliseconds = std::max<std::int64_t>(clip_.duration.count() / 1000, 1);
    s.bitrate_kbps = static_cast<unsigned>(static_cast<std::int64_t>(bytes) * 8 / milliseconds);
    s.fps =
        static_cast<unsigned>((static_cast<std::int64_t>(frames) * 1000 + milliseconds / 2) / milliseconds);
    s.gop = static_cast<unsigned>(frames / std::max<std::size_t>(keys, 1));
    if (!clip_.info->audio) return;
    s.audio = clip_.info->audio->codec;
    s.audio_sample_rate = clip_.info->audio->sample_rate;
    s.audio_channels = clip_.info->audio->channels;
  }

  AVFormatContext& context_;
  std::string name_;
  int video_index_ = -1, audio_index_ = -1;
  std::optional<av::VideoTrack> video_;
  std::optional<av::AudioTrack> audio_;
  std::optional<microseconds> start_;
  std::pair<microseconds, microseconds> last_video_{0, 0}, last_audio_{0, 0};  // start and duration
  Clip clip_;
};

Result<ClipPtr> open_and_read(AVFormatContext* context, const char* url, std::string_view name) {
  av::route_log();
  av::Dictionary options;
  options.set("protocol_whitelist", "file");  // a playlist in the file's place names nothing remote
  const int error = avformat_open_input(&context, url, nullptr, options.pointer());
  if (error < 0) return fail(av::error(fmt::format("opening {}", name), error));  // the context is freed
  const av::Ptr<AVFormatContext> owner(context);
  return ClipReader(*context, name).read();
}

}  // namespace

Result<ClipPtr> read_clip(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error))
    return fail(ErrorCode::kNotFound, fmt::format("there is no video file {}", file.string()));
  return open_and_read(nullptr, ("file:" + file.string()).c_str(), file.string());
}

Result<ClipPtr> read_clip(std::string_view film, std::string_view name) {
  MemoryInput input(film);
  auto* context = avformat_alloc_context();
  if (!context) return fail(ErrorCode::kInternal, "no memory for a film");
  context->pb = input.context();
  return open_and_read(context, "", name);
}

}  // namespace camctl::simulate

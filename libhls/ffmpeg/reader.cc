#include "libhls/ffmpeg/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace camctl::hls {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

// Protocols that an address may lead to, also by redirects and playlists within media: never local files.
constexpr const char* kNetworkProtocols = "rtsp,rtsps,rtp,udp,tcp,tls,http,https,httpproxy,crypto";
constexpr const char* kFileProtocols = "file";
constexpr int kMaxRedirects = 5;  // as browsers' order of magnitude; cameras need one at most
// How long a stream may come without its parameter sets: longer than the longest GOP worth having.
constexpr std::chrono::seconds kParameterSetWait{15};
// Units kept until the tracks are known: two seconds of pictures and audio frames.
constexpr std::size_t kMaxWaiting = 100;
// What may be read before the tracks of an HTTP stream are known: small, for a quick first picture.
constexpr std::int64_t kProbeBytes = 1 << 20;
constexpr microseconds kProbeTime{1'000'000};
constexpr std::int64_t kUdpReceiveBuffer = 2 << 20;  // a key frame of 8 Mbit/s arrives in one burst
constexpr microseconds kReorderWait{200'000};        // for late datagrams

microseconds to_microseconds(media::Ticks ticks, std::uint32_t clock_rate) {
  return microseconds(av_rescale(ticks, 1'000'000, clock_rate));
}

std::string codec_name(const AVStream& stream) { return avcodec_get_name(stream.codecpar->codec_id); }

bool is_picture(const AVStream& stream) { return (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0; }

}  // namespace

void Patience::watch(AVFormatContext* context, bool redirects) {
  context_ = context;
  url_ = nullptr;
  watch_redirects_ = redirects;
  context->interrupt_callback = {&Patience::ask, this};
  restart();
}

int Patience::ask(void* self) { return static_cast<Patience*>(self)->is_over() ? 1 : 0; }

bool Patience::is_over() {
  if (!handoff_.open()) return true;
  if (!url_) url_ = context_->url;
  if (watch_redirects_ && context_->url != url_ && context_->url) location_ = context_->url;
  timed_out_ = timed_out_ || steady_clock::now() > deadline_;
  return !location_.empty() || timed_out_;
}

Reader::Reader(FfmpegSourceOptions options, Handoff& handoff)
    : options_(std::move(options)), handoff_(handoff) {
  if (options_.credentials.empty()) options_.credentials = options_.url.credentials;
}

std::string Reader::doing() const {
  return fmt::format("{} {}", is_file() ? "reading" : "receiving", options_.url.to_string());
}

tl::unexpected<Error> Reader::failure(int averror) const {
  if (!handoff_.open()) return fail(ErrorCode::kCancelled, doing() + ": stopped");
  if (patience_ && patience_->timed_out())
    return fail(ErrorCode::kTimeout,
                fmt::format("{}: nothing came for {} ms", doing(), options_.timeout.count()),
                "check that the camera is on and its address right");
  auto error = av::error(doing(), averror);
  // An address of ONVIF in the place of a stream's is the usual mistake.
  if (options_.url.scheme.starts_with("http"))
    error.hint =
        options_.url.scheme +
        ":// is taken for the stream itself (Motion JPEG, MPEG-TS, FLV); camctl discover asks an ONVIF "
        "address for its streams";
  if (error.code == ErrorCode::kAuth && options_.credentials.empty()) {
    error.message = doing() + ": the camera demands credentials";
    error.hint = "give --user and --password-file";
  } else if (error.code == ErrorCode::kAuth) {
    error.hint = "check user and password";
  }
  return fail(std::move(error));
}

Result<void> Reader::run() {
  if (auto opened = open(); !opened) return opened;
  return read();
}

Result<void> Reader::open() {
  while (true) {
    auto opened = open_input();
    if (opened) return choose_streams();
    if (patience_->location().empty() || !handoff_.open()) return opened;
    if (auto followed = follow_redirect(); !followed) return followed;
  }
}

Result<void> Reader::open_input() {
  patience_ = std::make_unique<Patience>(handoff_, options_.timeout);
  auto* context = avformat_alloc_context();
  if (!context) return failure(AVERROR(ENOMEM));
  patience_->watch(context, is_rtsp());
  context->max_delay = static_cast<int>(kReorderWait.count());

  const bool rtsp = is_rtsp();
  av::Dictionary options;
  options.set("protocol_whitelist", is_file() ? kFileProtocols : kNetworkProtocols);
  if (!is_file()) {
    options.set("user_agent", "camctl/" CAMCTL_VERSION);
    options.set("timeout", std::chrono::duration_cast<microseconds>(options_.timeout).count());
  }
  if (rtsp) {
    using Transport = FfmpegSourceOptions::Transport;
    options.set("allowed_media_types", "video+audio");
    options.set("buffer_size", kUdpReceiveBuffer);
    if (options_.transport == Transport::kAuto) options.set("rtsp_flags", "prefer_tcp");
    if (options_.transport == Transport::kTcp) options.set("rtsp_transport", "tcp");
    if (options_.transport == Transport::kUdp) options.set("rtsp_transport", "udp");
  } else if (!is_file()) {
    options.set("probesize", kProbeBytes);
    options.set("analyzeduration", kProbeTime.count());
  }

  const auto address = is_file() ? "file:" + percent_decode(options_.url.target)
                                 : options_.url.with(options_.credentials).reveal();
  const int opened = avformat_open_input(&context, address.c_str(), nullptr, options.pointer());
  if (opened < 0) return failure(opened);
  context_.reset(context);
  // RTSP needs no probing: SDP and parameter sets say everything, and the first picture is not held up.
  if (!rtsp)
    if (const int probed = avformat_find_stream_info(context_.get(), nullptr); probed < 0)
      return failure(probed);
  return {};
}

Result<void> Reader::follow_redirect() {
  auto next = Url::parse(patience_->location());
  if (!next || (next->scheme != "rtsp" && next->scheme != "rtsps"))
    return fail(ErrorCode::kProtocol, doing() + ": redirected to something that is no RTSP address");
  if (++redirects_ > kMaxRedirects) return fail(ErrorCode::kProtocol, doing() + ": redirected too often");
  const bool same_host = next->host == options_.url.host;
  const bool weaker = options_.url.scheme == "rtsps" && next->scheme == "rtsp";
  if (!same_host || weaker) options_.credentials = {};
  next->credentials = {};  // never a password that a server has made up
  log::get().debug("{}: redirected to {}", doing(), next->to_string());
  options_.url = std::move(*next);
  return {};
}

Result<void> Reader::choose_streams() {
  for (unsigned i = 0; i < context_->nb_streams; ++i) {
    auto& stream = *context_->streams[i];
    const auto type = stream.codecpar->codec_type;
    if (type == AVMEDIA_TYPE_VIDEO && video_index_ < 0 && !is_picture(stream)) {
      video_index_ = static_cast<int>(i);
      video_.emplace(stream);
      if (video_->info().codec == media::Codec::kOther)
        return fail(
            ErrorCode::kUnsupported,
            fmt::format("{}: its video codec is {}, which is not supported", doing(), codec_name(stream)),
            "set the camera to H.264 or H.265");
    } else if (type == AVMEDIA_TYPE_AUDIO && audio_index_ < 0 && av::AudioTrack::supports(stream)) {
      audio_index_ = static_cast<int>(i);
      audio_.emplace(stream);
    } else {
      stream.discard = AVDISCARD_ALL;
      log::get().debug("{}: track {} ({}) is left out", doing(), i, codec_name(stream));
    }
  }
  if (!video_ && !audio_)
    return fail(ErrorCode::kUnsupported, doing() + ": there is neither video nor audio");
  opened_ = steady_clock::now();
  return {};
}

Result<void> Reader::read() {
  const auto packet = av::make_packet();
  while (true) {
    patience_->restart();
    const int got = av_read_frame(context_.get(), packet.get());
    if (got == AVERROR(EAGAIN)) continue;
    if (got == AVERROR_EOF && options_.loop_file && rewind()) continue;
    if (got == AVERROR_EOF) return ended();
    if (got < 0) return failure(got);
    auto taken = take(*packet);
    av_packet_unref(packet.get());
    if (!taken) return taken;
    if (!handoff_.open()) return failure(AVERROR_EXIT);
  }
}

Result<void> Reader::take(const AVPacket& packet) {
  std::optional<media::AccessUnit> unit;
  if (packet.stream_index == video_index_) unit = video_->unit(packet);
  if (packet.stream_index == audio_index_) unit = audio_->unit(packet);
  if (video_ && !video_->ready()) {
    if (steady_clock::now() - opened_ < kParameterSetWait) return {};
    return fail(ErrorCode::kProtocol, doing() + ": no parameter sets came with the video");
  }
  if (!unit) return {};
  if (announced_) {
    const bool video_changed = video_ && video_->take_change();
    if (video_changed || (audio_ && audio_->take_change())) announce();
    deliver(std::move(*unit));
    return {};
  }
  // Parameter sets of an SDP may be stale, those with the first picture are not: that one is waited for. And
  // for the first audio frame where only ADTS says what audio it is.
  video_seen_ = video_seen_ || unit->track == media::TrackKind::kVideo;
  waiting_.push_back(std::move(*unit));
  const bool complete = (!video_ || video_seen_) && (!audio_ || audio_->ready());
  if (!complete && waiting_.size() < kMaxWaiting) return {};
  announce();
  for (auto& waiting : waiting_) deliver(std::move(waiting));
  waiting_.clear();
  return {};
}

void Reader::announce() {
  auto info = std::make_shared<media::StreamInfo>();
  if (video_) {
    info->video = video_->info();
    video_->take_change();
  }
  if (audio_ && audio_->ready()) {
    info->audio = audio_->info();
    audio_->take_change();
  }
  announced_ = true;
  handoff_.stream(std::move(info));
}

void Reader::deliver(media::AccessUnit unit) {
  const bool is_video = unit.track == media::TrackKind::kVideo;
  if (!is_video && !audio_->ready()) return;
  if (options_.loop_file) {
    const auto clock_rate = is_video ? video_->info().clock_rate : audio_->info().clock_rate;
    const auto shift = av_rescale(shift_.count(), clock_rate, 1'000'000);
    if (!first_) {
      first_ = to_microseconds(unit.dts, clock_rate);
      began_ = steady_clock::now();
    }
    unit.pts += shift;
    unit.dts += shift;
    end_ = std::max(end_, to_microseconds(unit.dts + unit.duration, clock_rate));
    handoff_.sleep_until(began_ + to_microseconds(unit.dts, clock_rate) - *first_);
    unit.arrival = steady_clock::now();
  }
  handoff_.unit(std::move(unit));
}

// To the file's start; false where that can't be done.
bool Reader::rewind() {
  if (!first_ || end_ - *first_ == shift_) return false;  // nothing came since the last time
  const auto start = context_->start_time != AV_NOPTS_VALUE ? context_->start_time : 0;
  if (av_seek_frame(context_.get(), -1, start, AVSEEK_FLAG_BACKWARD) < 0 &&
      av_seek_frame(context_.get(), -1, 0, AVSEEK_FLAG_BYTE) < 0)
    return false;
  shift_ = end_ - *first_;
  return true;
}

Result<void> Reader::ended() const {
  const bool finite = is_file() || (!is_rtsp() && context_->duration > 0);
  if (finite) return {};
  return failure(AVERROR_EOF);
}

}  // namespace camctl::hls

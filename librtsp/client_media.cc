// What happens once a session plays: media, keep-alive, receiver reports.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "librtsp/client_session.h"

namespace camctl::rtsp {
namespace {

constexpr std::chrono::seconds kReportInterval{5};  // RFC 3550 §6.2's minimum
// Then other cameras have their turn: 2 MiB are 50 times what a busy camera sends between two looks.
constexpr int kReadsPerLook = 8;
// A frame that is not whole, or a message: what must be kept from one read to the next.
constexpr std::size_t kMostPending = 4 + 65'535 + kMaxHeaderBytes;

}  // namespace

// Takes the connection out of Asio, which would wake for each packet, and gives it to the poller.
void ClientSession::begin_media() {
  if (const auto left = wire_.leave_asio(); !left)
    return finish({ErrorCode::kIo, fmt::format("{}: {}", where(), left.error().message), {}});
  playing_ = true;
  log::get().debug("{}: plays over {}, authentication {}", where(), datagrams_.empty() ? "TCP" : "UDP",
                   auth_.scheme_name());
  deadline_.after(options_.timeout, [this] {
    if (!reception_.delivered())
      finish(
          {ErrorCode::kTimeout, fmt::format("{} plays, but sends nothing that can be decoded", where()), {}});
  });
  keep_alive_timer_.after(session_timeout_ / 2, [this] { keep_alive(); });
  if (!datagrams_.empty()) report_timer_.after(kReportInterval, [this] { send_receiver_reports(); });
  poller_.add(loop_, wire_.fd(), *this);
  set_hurry(hurry_);
}

void ClientSession::set_hurry(bool hurry) {
  hurry_ = hurry;
  if (!playing_) return;
  poller_.set_hurry(wire_.fd(), hurry);
  for (const auto& receiver : datagrams_) receiver->set_hurry(hurry);
}

bool ClientSession::on_readable(int, std::span<std::uint8_t> scratch,
                                std::chrono::steady_clock::time_point now) {
  const auto self = shared_from_this();  // a frame may end the session
  now_ = now;
  for (int i = 0; i < kReadsPerLook && !stopped_; ++i) {
    std::copy(pending_.begin(), pending_.end(), scratch.begin());
    const std::size_t kept = pending_.size();
    const auto got = wire_.read(scratch.subspan(kept));
    if (!got) return stop_reading({got.error().code, where() + ": " + got.error().message, {}});
    if (got->bytes > 0) {
      const auto data = media::ByteView(scratch).first(kept + got->bytes);
      const auto used = parser_.consume(data, *this);
      if (!used) return stop_reading({used.error().code, where() + ": " + used.error().message, {}});
      const auto rest = data.subspan(*used);
      if (rest.size() > kMostPending)
        return stop_reading({ErrorCode::kLimit, fmt::format("{} sends a message without end", where()), {}});
      pending_.assign(rest.begin(), rest.end());
    }
    if (got->closed)
      return stop_reading({ErrorCode::kNetwork, fmt::format("{} closed the connection", where()), {}});
    if (got->need != tls::Need::kNone) return false;
  }
  return !stopped_;
}

bool ClientSession::stop_reading(Error error) {
  finish(std::move(error));
  return false;
}

void ClientSession::on_frame(std::uint8_t channel, media::ByteView packet) {
  const auto entry = channels_[channel];
  if (entry < 0) return;
  const auto track = static_cast<std::size_t>(entry / 2);
  if (track >= track_urls_.size()) return;
  if (!playing_) now_ = std::chrono::steady_clock::now();  // early, between replies
  if (entry % 2 == 0)
    reception_.on_rtp(track, packet, now_);
  else
    reception_.on_rtcp(track, packet, now_);
}

// Cameras that ask us something only want to hear that we are there.
void ClientSession::answer(const Message& message) {
  const bool known = message.method == "OPTIONS" || message.method == "GET_PARAMETER" ||
                     message.method == "SET_PARAMETER" || message.method == "ANNOUNCE";
  send_now(fmt::format("RTSP/1.0 {}\r\nCSeq: {}\r\n\r\n", known ? "200 OK" : "501 Not Implemented",
                       message.cseq().value_or(0)));
}

// What does not go out now waits for the next call. A peer that does not read gets no more, and silence on
// its side ends the session soon.
void ClientSession::send_now(const std::string& text) {
  if (!queue(text)) return;
  [[maybe_unused]] const auto need = (post_ ? *post_ : wire_).flush();
}

void ClientSession::keep_alive() {
  send_now(request(has_get_parameter_ ? "GET_PARAMETER" : "OPTIONS",
                   control_url(base_url_, description_.control), {}));
  keep_alive_timer_.after(session_timeout_ / 2, [this] { keep_alive(); });
}

void ClientSession::send_receiver_reports() {
  for (std::size_t i = 0; i < datagrams_.size(); ++i)
    if (const auto report = reception_.report(i, std::chrono::steady_clock::now()))
      datagrams_[i]->send_rtcp(write_receiver_report(*report));
  report_timer_.after(kReportInterval, [this] { send_receiver_reports(); });
}

}  // namespace camctl::rtsp

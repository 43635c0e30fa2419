#include "apps/serve/http/response_writer.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>

namespace camctl::apps::serve {
namespace {

constexpr std::size_t kMaxPieces = 256;  // of one sendmsg; IOV_MAX is 1024

}  // namespace

void ResponseWriter::begin(std::string head, hls::BodyPtr body, SharedFile file) {
  head_ = std::move(head);
  body_ = std::move(body);
  file_ = std::move(file);
  head_sent_ = body_sent_ = piece_ = piece_sent_ = 0;
}

ResponseWriter::Status ResponseWriter::send(Wire& wire) {
  while (head_sent_ + body_sent_ < size() || wire.record_waits()) {
    const auto sent = file_ && head_sent_ == head_.size()
                          ? wire.send_file(file_->get(), body_sent_, body_->size - body_sent_)
                          : send_pieces(wire);
    if (!sent) return Status::kFailed;
    advance(sent->bytes);
    if (sent->need != tls::Need::kNone) return Status::kBlocked;
  }
  return Status::kDone;
}

// What comes next from where we are, of the head alone where a file follows.
Result<tls::Transfer> ResponseWriter::send_pieces(Wire& wire) const {
  std::array<iovec, kMaxPieces> vectors;
  std::size_t count = 0;
  if (head_sent_ < head_.size())
    vectors[count++] = {const_cast<char*>(head_.data()) + head_sent_, head_.size() - head_sent_};
  for (std::size_t i = piece_; !file_ && body_ && i < body_->pieces.size() && count < kMaxPieces; ++i) {
    const auto piece = body_->pieces[i].subspan(i == piece_ ? piece_sent_ : 0);
    if (!piece.empty()) vectors[count++] = {const_cast<std::uint8_t*>(piece.data()), piece.size()};
  }
  return wire.write(std::span(vectors).first(count), file_ != nullptr);
}

void ResponseWriter::advance(std::size_t sent) {
  const auto of_head = std::min(sent, head_.size() - head_sent_);
  head_sent_ += of_head;
  sent -= of_head;
  body_sent_ += sent;
  while (sent > 0 && !file_) {
    const auto left = body_->pieces[piece_].size() - piece_sent_;
    if (sent < left) {
      piece_sent_ += sent;
      break;
    }
    sent -= left;
    ++piece_;
    piece_sent_ = 0;
  }
}

}  // namespace camctl::apps::serve

#include "apps/serve/http/response_writer.h"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

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

ResponseWriter::Status ResponseWriter::send(int socket) {
  while (head_sent_ + body_sent_ < size()) {
    const auto sent = file_ && head_sent_ == head_.size() ? send_file(socket) : send_pieces(socket);
    if (sent > 0)
      advance(sent);
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
      return Status::kBlocked;
    else if (errno != EINTR)
      return Status::kFailed;
  }
  return Status::kDone;
}

// One sendmsg from where we are, of the head alone where a file follows. The number of bytes taken; 0 with
// errno set.
std::size_t ResponseWriter::send_pieces(int socket) {
  std::array<iovec, kMaxPieces> vectors;
  std::size_t count = 0;
  if (head_sent_ < head_.size()) vectors[count++] = {head_.data() + head_sent_, head_.size() - head_sent_};
  for (std::size_t i = piece_; !file_ && body_ && i < body_->pieces.size() && count < kMaxPieces; ++i) {
    const auto piece = body_->pieces[i].subspan(i == piece_ ? piece_sent_ : 0);
    if (!piece.empty()) vectors[count++] = {const_cast<std::uint8_t*>(piece.data()), piece.size()};
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = count;
  const auto sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | (file_ ? MSG_MORE : 0));
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

std::size_t ResponseWriter::send_file(int socket) {
  auto offset = static_cast<off_t>(body_sent_);
  const auto sent = ::sendfile(socket, file_->get(), &offset, body_->size - body_sent_);
  if (sent == 0) errno = EIO;  // the file is shorter than it was written
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
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

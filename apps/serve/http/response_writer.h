// Sends one response, as far as the socket takes it.
#pragma once

#include <cstdint>
#include <string>

#include "apps/serve/http/shared_files.h"
#include "apps/serve/http/wire.h"
#include "libhls/body.h"

namespace camctl::apps::serve {

class ResponseWriter {
 public:
  enum class Status : std::uint8_t { kDone, kBlocked, kFailed };

  // `file`, where there is one, holds what `body` (null: none) does; none inside TLS.
  void begin(std::string head, hls::BodyPtr body, SharedFile file);
  // kBlocked: again when the socket is writable.
  Status send(Wire& wire);
  // Lets go of what is left.
  void clear() { begin({}, nullptr, nullptr); }

  std::size_t size() const { return head_.size() + body_size(); }
  std::uint64_t body_sent() const { return body_sent_; }

 private:
  std::size_t body_size() const { return body_ ? body_->size : 0; }
  Result<tls::Transfer> send_pieces(Wire& wire) const;
  void advance(std::size_t sent);

  std::string head_;
  hls::BodyPtr body_;
  SharedFile file_;
  std::size_t head_sent_ = 0, body_sent_ = 0;
  std::size_t piece_ = 0, piece_sent_ = 0;  // of the body; not used with a file
};

}  // namespace camctl::apps::serve

// The bytes of one HTTP connection: TCP, or TLS on it.
#pragma once

#include <sys/uio.h>

#include <memory>
#include <span>

#include "base/result.h"
#include "base/tls.h"

namespace camctl::apps::serve {

// Never blocks: who calls waits for readiness of the socket, which stays the caller's. The process must
// ignore SIGPIPE.
class Wire {
 public:
  explicit Wire(int socket) : socket_(socket) {}

  // From now on all is inside TLS; handshake() first, until it says kNone.
  Result<void> secure(const std::shared_ptr<const tls::Context>& context);
  bool secured() const { return tls_ != nullptr; }
  Result<tls::Need> handshake() { return tls_->handshake(); }

  // As tls::Session::read(), also in the clear: with room for a record, kRead tells that nothing more is
  // there.
  Result<tls::Transfer> read(std::span<char> buffer);
  // Sends what the socket takes. `need` is kWrite where it takes no more; inside TLS it may have taken a
  // record then which a later call sends, also one without parts (record_waits()). `more`: something follows
  // at once.
  Result<tls::Transfer> write(std::span<const iovec> parts, bool more = false);
  bool record_waits() const { return record_waits_; }
  // The same of a file's bytes, in the clear only.
  Result<tls::Transfer> send_file(int file, std::size_t offset, std::size_t size);

 private:
  int socket_;
  std::unique_ptr<tls::Session> tls_;
  bool record_waits_ = false;
};

}  // namespace camctl::apps::serve

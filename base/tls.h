// TLS 1.2 and 1.3 by OpenSSL on a non-blocking socket of the caller's (RFC 8446). Not asio::ssl::stream,
// which copies twice and keeps 75 KB a connection.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace camctl::tls {

// What to wait for before the next attempt.
enum class Need : std::uint8_t { kNone, kRead, kWrite };

// What one attempt to read or write came to.
struct Transfer {
  std::size_t bytes = 0;
  Need need = Need::kNone;  // reading: kNone means that the buffer was filled, and there may be more
  bool closed = false;      // by the peer, behind these bytes
};

// The OpenSSL that is loaded, "OpenSSL 3.0.17 1 Jul 2025": for those who report what runs.
std::string library_version();

// SHA-256 of a certificate's public key (its SubjectPublicKeyInfo, RFC 7469 §2.4): what tells one camera from
// another where no authority signs certificates. It outlives a certificate that is renewed with the same key.
class KeyPin {
 public:
  // "sha256//BASE64", as curl writes it, or 64 hexadecimal digits with or without colons. kConfig else.
  static Result<KeyPin> parse(std::string_view text);
  // Of a SubjectPublicKeyInfo as it stands in a certificate (DER).
  static KeyPin of_public_key(std::span<const std::uint8_t> der);
  std::string to_string() const;  // "sha256//BASE64"
  friend bool operator==(const KeyPin&, const KeyPin&) = default;

 private:
  friend class Context;
  friend class Session;
  std::array<std::uint8_t, 32> hash_{};
};

// Settings, and the server's key, that sessions share. Thread-safe.
class Context {
 public:
  // For connections to devices: no certificate is refused, see Session::peer_pin().
  static Result<std::shared_ptr<const Context>> client();
  // A server with a new key and a certificate of its own signature, valid for ten years for `name`, as
  // cameras have them.
  static Result<std::shared_ptr<const Context>> self_signed(const std::string& name);
  // A server with the certificate of a file, behind which stand those of its issuers, and its key (PEM,
  // without a passphrase). kConfig, naming the file.
  static Result<std::shared_ptr<const Context>> server(const std::string& certificate_file,
                                                       const std::string& key_file);
  ~Context();
  KeyPin pin() const;    // of the server's own key
  void* native() const;  // OpenSSL's SSL_CTX, for streams of others; it stays ours

 private:
  friend class Session;
  struct Impl;
  explicit Context(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// One connection. Not thread-safe. The process must ignore SIGPIPE.
class Session {
 public:
  // `fd` is connected and non-blocking, and stays the caller's. `host` is told to the server where it is a
  // name (RFC 6066 §3). kInternal where memory is short.
  static Result<std::unique_ptr<Session>> client(std::shared_ptr<const Context> context, int fd,
                                                 const std::string& host);
  static Result<std::unique_ptr<Session>> server(std::shared_ptr<const Context> context, int fd);
  ~Session();

  // To be called until it says kNone. kProtocol with TLS's reason, kNetwork where the connection broke.
  Result<Need> handshake();
  // Of the certificate that the server has shown, once the handshake is over. kProtocol if there was none.
  Result<KeyPin> peer_pin() const;

  // Reads records until `buffer` has no room for a whole one or nothing more is there. With room for one
  // (kRecord bytes) at least, nothing stays inside: then readiness of the socket tells all there is to know.
  Result<Transfer> read(std::span<std::uint8_t> buffer);
  // Takes as much of `parts` as goes out now and up to one record more, which a later call sends, also one
  // without parts; `need` is set while such a record waits.
  Result<Transfer> write(std::span<const iovec> parts);

  static constexpr std::size_t kRecord = 16u << 10;  // the largest plaintext (RFC 8446 §5.1)

 private:
  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace camctl::tls

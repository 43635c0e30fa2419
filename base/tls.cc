#include "base/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>
#include <vector>

#include "base/base64.h"

namespace camctl::tls {
namespace {

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
template <class T, auto kFree>
using Owned = std::unique_ptr<T, Free<kFree>>;

constexpr std::string_view kPinPrefix = "sha256//";

// OpenSSL's reason for the newest failure, without its file names and numbers.
std::string reason() {
  const auto code = ERR_peek_last_error();
  const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
  return text != nullptr ? text : "no reason given";
}

tl::unexpected<Error> internal(const char* doing) {
  return fail(ErrorCode::kInternal, fmt::format("TLS: {}: {}", doing, reason()));
}

KeyPin pin_of(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  const auto pin = KeyPin::of_public_key({der, size > 0 ? static_cast<std::size_t>(size) : 0});
  OPENSSL_free(der);
  return pin;
}

// A certificate for `key`, signed with it. Version 3 as X.509 counts from 0.
Owned<X509, X509_free> sign_own(EVP_PKEY& key, const std::string& name) {
  constexpr long kVersion3 = 2, kTenYears = 3650L * 24 * 3600;
  Owned<X509, X509_free> certificate(X509_new());
  if (!certificate) return nullptr;
  X509_set_version(certificate.get(), kVersion3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kTenYears);
  X509_set_pubkey(certificate.get(), &key);
  auto* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()),
                             static_cast<int>(name.size()), -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  if (X509_sign(certificate.get(), &key, EVP_sha256()) == 0) return nullptr;
  return certificate;
}

bool is_address(const std::string& host) {
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

}  // namespace

std::string library_version() { return OpenSSL_version(OPENSSL_VERSION); }

Result<KeyPin> KeyPin::parse(std::string_view text) {
  const auto wrong = [] {
    return fail(ErrorCode::kConfig, "a TLS pin is sha256// and 44 characters, or 64 hexadecimal digits");
  };
  KeyPin pin;
  if (text.starts_with(kPinPrefix)) {
    const auto bytes = base64_decode(text.substr(kPinPrefix.size()));
    if (!bytes || bytes->size() != pin.hash_.size()) return wrong();
    std::ranges::copy(*bytes, pin.hash_.begin());
    return pin;
  }
  std::string digits(text);
  std::erase(digits, ':');
  if (digits.size() != 2 * pin.hash_.size()) return wrong();
  for (std::size_t i = 0; i < pin.hash_.size(); ++i) {
    const char* pair = digits.data() + 2 * i;
    if (std::from_chars(pair, pair + 2, pin.hash_[i], 16).ptr != pair + 2) return wrong();
  }
  return pin;
}

KeyPin KeyPin::of_public_key(std::span<const std::uint8_t> der) {
  KeyPin pin;
  EVP_Digest(der.data(), der.size(), pin.hash_.data(), nullptr, EVP_sha256(), nullptr);
  return pin;
}

std::string KeyPin::to_string() const {
  return std::string(kPinPrefix) + base64_encode(std::span<const std::uint8_t>(hash_));
}

struct Context::Impl {
  Owned<SSL_CTX, SSL_CTX_free> ssl;
};

Context::Context(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Context::~Context() = default;

namespace {

Owned<SSL_CTX, SSL_CTX_free> make(const SSL_METHOD* method) {
  Owned<SSL_CTX, SSL_CTX_free> ssl(SSL_CTX_new(method));
  if (!ssl) return ssl;
  SSL_CTX_set_min_proto_version(ssl.get(), TLS1_2_VERSION);
  // A peer that just closes is like one that says so first: RTSP tells where its messages end. And a peer may
  // not make us work by renegotiating.
  SSL_CTX_set_options(ssl.get(), SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(ssl.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(ssl.get(), SSL_SESS_CACHE_OFF);
  return ssl;
}

}  // namespace

Result<std::shared_ptr<const Context>> Context::client() {
  auto impl = std::make_unique<Impl>();
  impl->ssl = make(TLS_client_method());
  if (!impl->ssl) return internal("making a context");
  SSL_CTX_set_verify(impl->ssl.get(), SSL_VERIFY_NONE, nullptr);
  // Cameras have RSA keys of 1024 bits and signatures by SHA-1, which the default level refuses.
  SSL_CTX_set_cipher_list(impl->ssl.get(), "DEFAULT:@SECLEVEL=0");
  return std::shared_ptr<const Context>(new Context(std::move(impl)));
}

Result<std::shared_ptr<const Context>> Context::self_signed(const std::string& name) {
  auto impl = std::make_unique<Impl>();
  impl->ssl = make(TLS_server_method());
  if (!impl->ssl) return internal("making a context");
  const Owned<EVP_PKEY, EVP_PKEY_free> key(EVP_EC_gen("P-256"));
  if (!key) return internal("making a key");
  const auto certificate = sign_own(*key, name);
  if (!certificate || SSL_CTX_use_certificate(impl->ssl.get(), certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(impl->ssl.get(), key.get()) != 1)
    return internal("making a certificate");
  return std::shared_ptr<const Context>(new Context(std::move(impl)));
}

Result<std::shared_ptr<const Context>> Context::server(const std::string& certificate_file,
                                                       const std::string& key_file) {
  auto impl = std::make_unique<Impl>();
  impl->ssl = make(TLS_server_method());
  if (!impl->ssl) return internal("making a context");
  auto* ssl = impl->ssl.get();
  const auto wrong = [](const std::string& file) {
    return fail(ErrorCode::kConfig, fmt::format("TLS: {}: {}", file, reason()));
  };
  // Of TLS 1.2 what 1.3 has as well: a fresh key each time, and no CBC.
  SSL_CTX_set_cipher_list(ssl, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_default_passwd_cb(ssl,
                                [](char*, int, int, void*) { return 0; });  // else it asks on the terminal
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(ssl, certificate_file.c_str()) != 1) return wrong(certificate_file);
  if (SSL_CTX_use_PrivateKey_file(ssl, key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(ssl) != 1)
    return wrong(key_file);
  return std::shared_ptr<const Context>(new Context(std::move(impl)));
}

KeyPin Context::pin() const {
  const X509* own = SSL_CTX_get0_certificate(impl_->ssl.get());
  return own != nullptr ? pin_of(own) : KeyPin{};
}

void* Context::native() const { return impl_->ssl.get(); }

struct Session::Impl {
  std::shared_ptr<const Context> context;
  Owned<SSL, SSL_free> ssl;
  std::vector<std::uint8_t> held;  // a record that OpenSSL has taken and the socket not

  // What an attempt that came to `result`, which is no success, means.
  Result<Transfer> outcome(int result) const {
    const int system = errno;
    switch (SSL_get_error(ssl.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return Transfer{.need = Need::kRead};
      case SSL_ERROR_WANT_WRITE:
        return Transfer{.need = Need::kWrite};
      case SSL_ERROR_ZERO_RETURN:
        return Transfer{.closed = true};
      case SSL_ERROR_SYSCALL:
        return fail(ErrorCode::kNetwork,
                    system == 0 ? "the connection was closed" : std::generic_category().message(system));
      default:
        return fail(ErrorCode::kProtocol, "TLS: " + reason());
    }
  }

  // Sends one record, or what is left of it.
  Result<Transfer> send(std::span<const std::uint8_t> record) {
    ERR_clear_error();
    errno = 0;
    const int sent = SSL_write(ssl.get(), record.data(), static_cast<int>(record.size()));
    if (sent > 0) return Transfer{.bytes = static_cast<std::size_t>(sent)};
    auto result = outcome(sent);
    if (result && result->closed) return fail(ErrorCode::kNetwork, "the connection was closed");
    return result;
  }
};

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::client(std::shared_ptr<const Context> context, int fd,
                                                 const std::string& host) {
  auto session = server(std::move(context), fd);
  if (!session) return session;
  auto* ssl = (*session)->impl_->ssl.get();
  SSL_set_connect_state(ssl);
  if (!is_address(host))  // the macro SSL_set_tlsext_host_name, without its old-style cast
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(host.c_str()));
  return session;
}

Result<std::unique_ptr<Session>> Session::server(std::shared_ptr<const Context> context, int fd) {
  auto impl = std::make_unique<Impl>();
  impl->ssl.reset(SSL_new(context->impl_->ssl.get()));
  impl->context = std::move(context);
  if (!impl->ssl || SSL_set_fd(impl->ssl.get(), fd) != 1) return internal("beginning a session");
  SSL_set_accept_state(impl->ssl.get());
  return std::unique_ptr<Session>(new Session(std::move(impl)));
}

Result<Need> Session::handshake() {
  ERR_clear_error();
  errno = 0;
  const int result = SSL_do_handshake(impl_->ssl.get());
  if (result == 1) return Need::kNone;
  const auto outcome = impl_->outcome(result);
  if (!outcome) return fail(outcome.error());
  if (outcome->closed) return fail(ErrorCode::kNetwork, "the connection was closed during TLS's handshake");
  return outcome->need;
}

Result<KeyPin> Session::peer_pin() const {
  const X509* certificate = SSL_get0_peer_certificate(impl_->ssl.get());
  if (certificate == nullptr) return fail(ErrorCode::kProtocol, "TLS without a certificate");
  return pin_of(certificate);
}

Result<Transfer> Session::read(std::span<std::uint8_t> buffer) {
  std::size_t bytes = 0;
  while (bytes == 0 || buffer.size() - bytes >= kRecord) {
    ERR_clear_error();
    errno = 0;
    const auto room = std::min<std::size_t>(buffer.size() - bytes, INT32_MAX);
    const int count = SSL_read(impl_->ssl.get(), buffer.data() + bytes, static_cast<int>(room));
    if (count > 0) {
      bytes += static_cast<std::size_t>(count);
      continue;
    }
    auto end = impl_->outcome(count);
    // What came before an error is worth having: the next call meets the error again.
    if (!end && bytes == 0) return end;
    Transfer result = end ? *end : Transfer{.need = Need::kNone};
    result.bytes = bytes;
    return result;
  }
  return Transfer{.bytes = bytes};
}

Result<Transfer> Session::write(std::span<const iovec> parts) {
  auto& held = impl_->held;
  if (!held.empty()) {
    auto sent = impl_->send(held);
    if (!sent || sent->need != Need::kNone) return sent;
    held.clear();
  }
  std::array<std::uint8_t, kRecord> record;
  Transfer total;
  std::size_t part = 0, offset = 0;
  while (part < parts.size()) {
    std::size_t size = 0;
    while (part < parts.size() && size < record.size()) {
      const auto step = std::min(parts[part].iov_len - offset, record.size() - size);
      std::memcpy(record.data() + size, static_cast<const char*>(parts[part].iov_base) + offset, step);
      size += step;
      offset += step;
      if (offset < parts[part].iov_len) continue;
      ++part;
      offset = 0;
    }
    if (size == 0) break;
    auto sent = impl_->send(std::span(record).first(size));
    if (!sent) return sent;
    total.bytes += size;
    if (sent->need == Need::kNone) continue;
    held.assign(record.begin(), record.begin() + static_cast<std::ptrdiff_t>(size));
    total.need = sent->need;
    break;
  }
  return total;
}

}  // namespace camctl::tls

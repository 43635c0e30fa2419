// WS-Security UsernameToken (OASIS WSS UsernameToken Profile 1.0), both sides.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "base/secret.h"

namespace camctl::onvif {

// Base64(SHA-1(nonce + created + password)), profile §3.1; `nonce` is raw bytes.
std::string password_digest(std::string_view nonce, std::string_view created, const Secret& password);

// A nonce's base64 (RFC 4648 §4), strict about padding where base64_decode() is not: it is part of a proof.
// Skips white space and gives nothing for anything that is no base64.
std::optional<std::string> decode_nonce(std::string_view text);

// "2026-11-22T20:05:49.123Z": milliseconds and Z, because longer forms overflow devices' buffers (quirk 52).
std::string format_created(std::chrono::system_clock::time_point when);

// How the Security header is spelled (quirk 53), and whether it holds the password itself (PasswordText,
// profile §3.1) instead of its digest (quirk 56).
enum class TokenForm : std::uint8_t { kDefaultNamespace, kPrefixed, kPlain };

// The Security element for a SOAP header, without mustUnderstand (quirk 55). `nonce` is raw bytes; neither it
// nor `created` is in a plain one, which proves nothing by them.
std::string security_header(const Credentials& credentials, std::string_view nonce,
                            std::chrono::system_clock::time_point created, TokenForm form);
// Sixteen random bytes, as many as every device accepts (quirk 52).
std::string make_nonce();

// Checks a received digest: the user, the password, and Created within `window` of `now`.
enum class TokenVerdict : std::uint8_t { kOk, kRefused, kStale };
struct DigestToken {
  std::string_view username, digest, nonce_base64, created;
};
TokenVerdict check_token(const DigestToken& token, const Credentials& expected,
                         std::chrono::system_clock::time_point now, std::chrono::seconds window);

}  // namespace camctl::onvif

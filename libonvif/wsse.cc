#include "libonvif/wsse.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>

#include "libonvif/lenient.h"
#include "libonvif/soap/xml_text.h"

namespace camctl::onvif {
namespace {

constexpr std::size_t kNonceBytes = 16;

constexpr std::string_view kSecext =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
constexpr std::string_view kUtility =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
constexpr std::string_view kDigestType =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest";
constexpr std::string_view kTextType =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText";
constexpr std::string_view kBase64Type =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string plain_header(const Credentials& credentials) {
  return fmt::format(R"(<Security xmlns="{}"><UsernameToken><Username>{}</Username>)"
                     R"(<Password Type="{}">{}</Password></UsernameToken></Security>)",
                     kSecext, escape_xml(credentials.user), kTextType,
                     escape_xml(credentials.password.reveal()));
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::optional<std::string> decode_nonce(std::string_view text) {
  std::string compact;
  for (const char c : text)
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') compact += c;
  if (compact.empty()) return std::string{};
  // EVP_DecodeBlock takes padding anywhere.
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t data = std::min(compact.find_first_not_of(kAlphabet), compact.size());
  const std::size_t padding = compact.size() - data;
  if (compact.size() % 4 != 0 || padding > 2 || compact.find_first_not_of('=', data) != compact.npos)
    return std::nullopt;
  std::string out(compact.size() / 4 * 3, '\0');
  const int n = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(compact),
                                static_cast<int>(compact.size()));
  if (n < 0) return std::nullopt;
  out.resize(static_cast<std::size_t>(n) - padding);
  return out;
}

std::string password_digest(std::string_view nonce, std::string_view created, const Secret& password) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const std::string& word = password.reveal();  // hashed, never copied
  const bool ok = context && EVP_DigestInit_ex(context, EVP_sha1(), nullptr) == 1 &&
                  EVP_DigestUpdate(context, nonce.data(), nonce.size()) == 1 &&
                  EVP_DigestUpdate(context, created.data(), created.size()) == 1 &&
                  EVP_DigestUpdate(context, word.data(), word.size()) == 1 &&
                  EVP_DigestFinal_ex(context, digest.data(), &size) == 1;
  EVP_MD_CTX_free(context);
  assert(ok);
  if (!ok) return {};
  return base64_encode({reinterpret_cast<const char*>(digest.data()), size});
}

std::string format_created(std::chrono::system_clock::time_point when) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(when);
  const auto s = std::chrono::floor<std::chrono::seconds>(ms);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(s)),
                     (ms - s).count());
}

std::string make_nonce() {
  std::string nonce(kNonceBytes, '\0');
  const int ok = RAND_bytes(reinterpret_cast<unsigned char*>(nonce.data()), kNonceBytes);
  assert(ok == 1);
  static_cast<void>(ok);
  return nonce;
}

std::string security_header(const Credentials& credentials, std::string_view nonce,
                            std::chrono::system_clock::time_point created, TokenForm form) {
  if (form == TokenForm::kPlain) return plain_header(credentials);
  const std::string when = format_created(created);
  const std::string digest = password_digest(nonce, when, credentials.password);
  const bool prefixed = form == TokenForm::kPrefixed;
  const std::string_view p = prefixed ? "wsse:" : "";
  const std::string_view u = prefixed ? "wsu:" : "";
  return fmt::format(R"(<{0}Security xmlns{2}="{3}"{4}><{0}UsernameToken><{0}Username>{5}</{0}Username>)"
                     R"(<{0}Password Type="{6}">{7}</{0}Password><{0}Nonce EncodingType="{8}">{9}</{0}Nonce>)"
                     R"(<{1}Created{10}>{11}</{1}Created></{0}UsernameToken></{0}Security>)",
                     p, u, prefixed ? ":wsse" : "", kSecext,
                     prefixed ? fmt::format(R"( xmlns:wsu="{}")", kUtility) : "",
                     escape_xml(credentials.user), kDigestType, digest, kBase64Type, base64_encode(nonce),
                     prefixed ? "" : fmt::format(R"( xmlns="{}")", kUtility), when);
}

TokenVerdict check_token(const DigestToken& token, const Credentials& expected,
                         std::chrono::system_clock::time_point now, std::chrono::seconds window) {
  const auto nonce = decode_nonce(token.nonce_base64);
  if (!nonce || nonce->empty() || token.username != expected.user) return TokenVerdict::kRefused;
  if (!equal_in_constant_time(token.digest, password_digest(*nonce, token.created, expected.password)))
    return TokenVerdict::kRefused;
  const auto created = parse_date_time(token.created);
  if (!created) return TokenVerdict::kRefused;
  return std::chrono::abs(now - *created) <= window ? TokenVerdict::kOk : TokenVerdict::kStale;
}

}  // namespace camctl::onvif

#include "base/digest_auth.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <map>
#include <span>

#include "base/base64.h"
#include "base/text.h"

namespace camctl {
namespace {

// A camera's challenge with longer values is not one that we could answer within its header limits either.
constexpr std::size_t kMaxHeader = 8 * 1024;

// How long a nonce of ours is good. Long enough for a keep-alive session, short enough to limit replays.
constexpr std::chrono::seconds kNonceLife{300};

std::string hex(std::span<const unsigned char> bytes) {
  std::string result;
  result.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) fmt::format_to(std::back_inserter(result), "{:02x}", byte);
  return result;
}

bool is_sha256(DigestAlgorithm algorithm) {
  return algorithm == DigestAlgorithm::kSha256 || algorithm == DigestAlgorithm::kSha256Sess;
}

bool is_session(DigestAlgorithm algorithm) {
  return algorithm == DigestAlgorithm::kMd5Sess || algorithm == DigestAlgorithm::kSha256Sess;
}

std::string_view algorithm_name(DigestAlgorithm algorithm) {
  switch (algorithm) {
    case DigestAlgorithm::kMd5:
      return "MD5";
    case DigestAlgorithm::kMd5Sess:
      return "MD5-sess";
    case DigestAlgorithm::kSha256:
      return "SHA-256";
    case DigestAlgorithm::kSha256Sess:
      return "SHA-256-sess";
  }
  return "MD5";
}

std::optional<DigestAlgorithm> algorithm_by_name(std::string_view name) {
  for (const auto algorithm : {DigestAlgorithm::kMd5, DigestAlgorithm::kMd5Sess, DigestAlgorithm::kSha256,
                               DigestAlgorithm::kSha256Sess})
    if (text::iequals(name, algorithm_name(algorithm))) return algorithm;
  return std::nullopt;
}

std::string hash(DigestAlgorithm algorithm, std::string_view input) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(input.data(), input.size(), digest.data(), &size,
             is_sha256(algorithm) ? EVP_sha256() : EVP_md5(), nullptr);
  return hex(std::span(digest).first(size));
}

std::string random_hex(std::size_t bytes) {
  std::array<unsigned char, 32> random{};
  RAND_bytes(random.data(), static_cast<int>(std::min(bytes, random.size())));
  return hex(std::span(random).first(std::min(bytes, random.size())));
}

// The quantities of RFC 7616 §3.4.1; `nc` and `cnonce` empty for the RFC 2069 form.
struct ResponseInput {
  DigestAlgorithm algorithm = DigestAlgorithm::kMd5;
  std::string_view realm, nonce, method, uri, nc, cnonce;
};

std::string digest_response(const ResponseInput& in, const Credentials& who) {
  std::string a1 = hash(in.algorithm, fmt::format("{}:{}:{}", who.user, in.realm, who.password.reveal()));
  if (is_session(in.algorithm)) a1 = hash(in.algorithm, fmt::format("{}:{}:{}", a1, in.nonce, in.cnonce));
  const std::string a2 = hash(in.algorithm, fmt::format("{}:{}", in.method, in.uri));
  if (in.nc.empty()) return hash(in.algorithm, fmt::format("{}:{}:{}", a1, in.nonce, a2));
  return hash(in.algorithm, fmt::format("{}:{}:{}:{}:auth:{}", a1, in.nonce, in.nc, in.cnonce, a2));
}

std::string quoted(std::string_view value) {
  std::string result = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

// Reads `scheme param=value, param="value", scheme2 …` (RFC 9110 §11.6.1) piece by piece.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view text) : rest_(text.substr(0, kMaxHeader)) {}

  void skip_separators() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' || rest_.front() == ','))
      rest_.remove_prefix(1);
  }

  bool at_end() const { return rest_.empty(); }

  std::string_view token() {
    const auto size = std::min(rest_.find_first_of(" \t,=\""), rest_.size());
    const auto result = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return result;
  }

  // The value behind an '=', or nothing if what was read was no parameter's name.
  std::optional<std::string> value() {
    auto look = rest_.substr(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
    if (look.empty() || look.front() != '=') return std::nullopt;
    look.remove_prefix(1);
    rest_ = look.substr(std::min(look.find_first_not_of(" \t"), look.size()));
    if (rest_.empty() || rest_.front() != '"') return std::string(token());
    return quoted_value();
  }

  void skip(std::size_t count) { rest_.remove_prefix(std::min(count, rest_.size())); }

 private:
  std::string quoted_value() {
    std::string result;
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      result += rest_.front();
      rest_.remove_prefix(1);
    }
    if (!rest_.empty()) rest_.remove_prefix(1);
    return result;
  }

  std::string_view rest_;
};

using Parameters = std::map<std::string, std::string, std::less<>>;

std::string_view get(const Parameters& parameters, std::string_view name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string_view{} : std::string_view(found->second);
}

Challenge make_challenge(std::string_view scheme, const Parameters& parameters) {
  Challenge result;
  if (text::iequals(scheme, "basic")) result.scheme = Challenge::Scheme::kBasic;
  if (text::iequals(scheme, "digest")) result.scheme = Challenge::Scheme::kDigest;
  result.realm = get(parameters, "realm");
  result.nonce = get(parameters, "nonce");
  result.opaque = get(parameters, "opaque");
  result.stale = text::iequals(get(parameters, "stale"), "true");
  result.algorithm = parameters.contains("algorithm") ? algorithm_by_name(get(parameters, "algorithm"))
                                                      : DigestAlgorithm::kMd5;
  result.qop_present = parameters.contains("qop");
  for (const auto option : text::split(get(parameters, "qop"), ", \t"))
    if (text::iequals(option, "auth")) result.qop_auth = true;
  return result;
}

// Strongest first; 0: we can't answer it.
int strength(const Challenge& challenge, bool allow_basic) {
  if (challenge.scheme == Challenge::Scheme::kBasic) return allow_basic ? 1 : 0;
  if (challenge.scheme != Challenge::Scheme::kDigest || !challenge.algorithm || challenge.nonce.empty())
    return 0;
  if (challenge.qop_present && !challenge.qop_auth) return 0;  // auth-int only
  return is_sha256(*challenge.algorithm) ? 3 : 2;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

std::vector<Challenge> parse_challenges(std::string_view www_authenticate) {
  std::vector<Challenge> result;
  HeaderReader reader(www_authenticate);
  std::string scheme;
  Parameters parameters;
  const auto finish = [&] {
    if (!scheme.empty() && result.size() < kMaxChallenges)
      result.push_back(make_challenge(scheme, parameters));
    parameters.clear();
  };
  for (reader.skip_separators(); !reader.at_end(); reader.skip_separators()) {
    const auto name = reader.token();
    if (name.empty()) {  // a stray '=' or '"'
      reader.skip(1);
    } else if (auto value = reader.value()) {
      parameters.insert_or_assign(text::lower(name), std::move(*value));
    } else {  // a name without a value begins the next challenge
      finish();
      scheme = name;
    }
  }
  finish();
  return result;
}

AuthClient::AuthClient(Credentials credentials, bool allow_basic)
    : credentials_(std::move(credentials)), allow_basic_(allow_basic) {}

Result<void> AuthClient::challenge(const std::vector<std::string>& www_authenticate) {
  if (credentials_.empty()) return fail(ErrorCode::kAuth, "credentials are needed");
  const auto stronger = [this](const Challenge& a, const Challenge& b) {
    return strength(a, allow_basic_) > strength(b, allow_basic_);
  };
  std::vector<Challenge> offered;  // strongest first, else in the server's order
  for (const auto& value : www_authenticate)
    for (auto& challenge : parse_challenges(value))
      if (strength(challenge, allow_basic_) > 0)
        offered.insert(std::upper_bound(offered.begin(), offered.end(), challenge, stronger),
                       std::move(challenge));
  if (offered.empty())
    return fail(ErrorCode::kAuth, "authentication is demanded in a way that is not supported");
  // Asked again for what was just answered: wrong credentials, unless only the nonce had aged.
  if (answered_ && !offered.front().stale) return fail(ErrorCode::kAuth, "the credentials were refused");
  candidates_ = std::move(offered);
  nonce_count_ = 0;
  answered_ = false;
  return {};
}

bool AuthClient::fall_back() {
  if (candidates_.size() < 2) return false;
  candidates_.erase(candidates_.begin());
  nonce_count_ = 0;
  answered_ = false;
  return true;
}

std::optional<std::string> AuthClient::authorization(std::string_view method, std::string_view uri) {
  if (candidates_.empty()) return std::nullopt;
  const Challenge& challenge = candidates_.front();
  answered_ = true;
  if (challenge.scheme == Challenge::Scheme::kBasic)
    return "Basic " + base64_encode(credentials_.user + ':' + credentials_.password.reveal());

  const auto algorithm = *challenge.algorithm;
  const std::string nc = challenge.qop_auth ? fmt::format("{:08x}", ++nonce_count_) : std::string{};
  const std::string cnonce = challenge.qop_auth || is_session(algorithm) ? random_hex(8) : std::string{};
  const ResponseInput input{algorithm, challenge.realm, challenge.nonce, method, uri, nc, cnonce};
  // RFC 7616 §3.4: algorithm, qop and nc unquoted.
  std::string result =
      fmt::format("Digest username={}, realm={}, nonce={}, uri={}, response=\"{}\", algorithm={}",
                  quoted(credentials_.user), quoted(challenge.realm), quoted(challenge.nonce), quoted(uri),
                  digest_response(input, credentials_), algorithm_name(algorithm));
  if (!nc.empty()) result += fmt::format(", qop=auth, nc={}", nc);
  if (!cnonce.empty()) result += fmt::format(", cnonce=\"{}\"", cnonce);
  if (!challenge.opaque.empty()) result += fmt::format(", opaque={}", quoted(challenge.opaque));
  return result;
}

std::string_view AuthClient::scheme_name() const {
  if (candidates_.empty()) return "none";
  const Challenge& challenge = candidates_.front();
  if (challenge.scheme == Challenge::Scheme::kBasic) return "basic";
  return is_sha256(*challenge.algorithm) ? "digest/sha-256" : "digest/md5";
}

AuthServer::AuthServer(std::string realm, std::vector<DigestAlgorithm> algorithms, bool basic)
    : realm_(std::move(realm)), algorithms_(std::move(algorithms)), basic_(basic), key_(random_hex(32)) {}

std::string AuthServer::make_nonce(std::int64_t unix_seconds) const {
  const std::string time = fmt::format("{:x}", unix_seconds);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(time.data()), time.size(), mac.data(), &size);
  return time + '.' + hex(std::span(mac).first(16));
}

std::vector<std::string> AuthServer::challenges(bool stale) const {
  std::vector<std::string> result;
  if (basic_) result.push_back(fmt::format("Basic realm={}", quoted(realm_)));
  for (const auto algorithm : algorithms_)
    result.push_back(fmt::format("Digest realm={}, nonce=\"{}\", qop=\"auth\", algorithm={}{}",
                                 quoted(realm_), make_nonce(unix_now()), algorithm_name(algorithm),
                                 stale ? ", stale=true" : ""));
  return result;
}

AuthServer::Verdict AuthServer::check(std::string_view authorization, std::string_view method,
                                      std::string_view uri, const Credentials& expected) const {
  HeaderReader reader(authorization);
  reader.skip_separators();
  const auto scheme = reader.token();
  if (scheme.empty()) return Verdict::kMissing;
  if (basic_ && text::iequals(scheme, "basic")) {
    reader.skip_separators();
    const std::string wanted = base64_encode(expected.user + ':' + expected.password.reveal());
    const auto given = authorization.substr(authorization.find_last_of(" \t") + 1);
    return equal_in_constant_time(given, wanted) ? Verdict::kOk : Verdict::kRefused;
  }
  if (!text::iequals(scheme, "digest")) return Verdict::kMissing;

  Parameters parameters;
  for (reader.skip_separators(); !reader.at_end(); reader.skip_separators()) {
    const auto name = reader.token();
    if (auto value = name.empty() ? std::nullopt : reader.value())
      parameters.insert_or_assign(text::lower(name), std::move(*value));
    else
      reader.skip(1);
  }
  const auto algorithm = parameters.contains("algorithm") ? algorithm_by_name(get(parameters, "algorithm"))
                                                          : DigestAlgorithm::kMd5;
  if (!algorithm || std::find(algorithms_.begin(), algorithms_.end(), *algorithm) == algorithms_.end())
    return Verdict::kRefused;

  // Our own nonce? It carries its time, in hexadecimal, and our signature of it.
  const auto nonce = get(parameters, "nonce");
  std::int64_t issued = 0;
  const auto dot = std::min(nonce.find('.'), nonce.size());
  if (std::from_chars(nonce.data(), nonce.data() + dot, issued, 16).ec != std::errc{} ||
      !equal_in_constant_time(nonce, make_nonce(issued)))
    return Verdict::kStale;
  const std::int64_t age = unix_now() - issued;

  const ResponseInput input{*algorithm,
                            realm_,
                            nonce,
                            method,
                            uri,
                            parameters.contains("qop") ? get(parameters, "nc") : std::string_view{},
                            get(parameters, "cnonce")};
  const bool right = get(parameters, "uri") == uri && get(parameters, "username") == expected.user &&
                     equal_in_constant_time(get(parameters, "response"), digest_response(input, expected));
  if (!right) return Verdict::kRefused;
  return age <= kNonceLife.count() ? Verdict::kOk : Verdict::kStale;
}

}  // namespace camctl

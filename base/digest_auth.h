// HTTP authentication for clients and servers: Digest (RFC 7616, RFC 2069 form too) and Basic (RFC 7617).
// One implementation for SOAP (libonvif), RTSP (librtsp) and the virtual cameras. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace camctl {

enum class DigestAlgorithm : std::uint8_t { kMd5, kMd5Sess, kSha256, kSha256Sess };

// One challenge of a WWW-Authenticate header (RFC 9110 §11.6.1).
struct Challenge {
  enum class Scheme : std::uint8_t { kBasic, kDigest, kOther };
  Scheme scheme = Scheme::kOther;
  std::string realm, nonce, opaque;
  std::optional<DigestAlgorithm> algorithm;  // absent: named something unknown; MD5 where not named
  bool qop_auth = false;                     // "auth" is among the offered qop values
  bool qop_present = false;                  // false: the RFC 2069 form
  bool stale = false;
};

// All challenges of one header value (there may be several in it, separated by commas). Malformed ones are
// skipped; never fails, at most kMaxChallenges are returned.
std::vector<Challenge> parse_challenges(std::string_view www_authenticate);
inline constexpr std::size_t kMaxChallenges = 8;  // cameras send two or three

// Answers challenges for one user. Remembers the server's nonce and counts its uses, so that later requests
// need no further 401.
class AuthClient {
 public:
  AuthClient(Credentials credentials, bool allow_basic);

  // Takes the challenges of a 401 (every WWW-Authenticate value) and picks the strongest we can answer:
  // SHA-256, then MD5, then Basic where allowed (quirk 50). kAuth if there is none, or if the very
  // credentials were already refused with a nonce that is not stale.
  Result<void> challenge(const std::vector<std::string>& www_authenticate);

  // The last answer was good (any status but 401). A later 401 is then a new nonce and not a refusal, even
  // from servers that do not say stale=true.
  void accepted() { answered_ = false; }

  // The next weaker challenge of the last 401, for servers that offer more than they can do. False if none.
  bool fall_back();

  // The Authorization value for this request; nothing before the first challenge. `uri` is the request
  // target byte for byte as sent (quirk 51).
  std::optional<std::string> authorization(std::string_view method, std::string_view uri);

  // The challenge in use, for messages and records ("digest/sha-256"); "none" before one.
  std::string_view scheme_name() const;

 private:
  Credentials credentials_;
  bool allow_basic_;
  std::vector<Challenge> candidates_;  // strongest first; the front one is in use
  std::uint32_t nonce_count_ = 0;
  bool answered_ = false;
};

// Checks Authorization headers on the server's side. Nonces are keyed hashes of their time of issue, so no
// table of them is kept. Replays within a nonce's life are not detected.
class AuthServer {
 public:
  AuthServer(std::string realm, std::vector<DigestAlgorithm> algorithms, bool basic = false);

  // WWW-Authenticate values to send with a 401, strongest last as cameras do.
  std::vector<std::string> challenges(bool stale = false) const;

  enum class Verdict : std::uint8_t { kOk, kMissing, kStale, kRefused };
  // Checks a header against the one user there is. `uri` is the request target as received.
  Verdict check(std::string_view authorization, std::string_view method, std::string_view uri,
                const Credentials& expected) const;

 private:
  std::string make_nonce(std::int64_t unix_seconds) const;

  std::string realm_;
  std::vector<DigestAlgorithm> algorithms_;
  bool basic_;
  std::string key_;
};

}  // namespace camctl

// Calls to one device: the dialects of SOAP over HTTP that devices speak, and the schemes by which they
// authenticate. Finds out both, remembers them, and never tries more credentials than a device's lock-out
// bears (onvif-notes.md A2 and A3).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest_auth.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/url.h"
#include "libonvif/http.h"
#include "libonvif/messages.h"
#include "libonvif/wsse.h"

namespace camctl::onvif {

class SoapClient {
 public:
  // How requests travel: HttpTransport::post in programs, a VirtualDevice in tests.
  using Post = std::function<Result<HttpReply>(const Url&, const HttpRequest&)>;

  SoapClient(Post post, Credentials credentials);

  // The password itself may be sent where its digest is refused (quirk 56).
  void allow_plain() { allow_plain_ = true; }

  // Blocks; the reply's bytes, if they are no fault. Sends without credentials until the device refuses that,
  // then finds the scheme by this very request. kAuth once credentials are needed or refused; after a refusal
  // nothing more is sent that would need them. kUnsupported where the device lacks the operation or the
  // path, kProtocol for other faults, and what Post returns.
  Result<std::string> call(const Url& service, const Request& request);
  // The same, never with credentials (quirk 61).
  Result<std::string> call_openly(const Url& service, const Request& request);

  // Device's clock minus ours: what WS-UsernameTokens are dated with. A wrong one costs one attempt more.
  void set_clock_offset(std::chrono::milliseconds offset);
  // After a login: the device's clock is so much further ahead than it was then. Whether that changes how
  // tokens are dated.
  bool shift_clock(std::chrono::milliseconds change);
  // From the Date header of the last reply (quirk 45).
  std::optional<std::chrono::milliseconds> date_header_offset() const { return date_offset_; }

  bool refused() const { return state_ == State::kRefused; }
  bool logged_in() const { return state_ == State::kAccepted; }
  // The user is let in, but has never been allowed this (quirk 59): what to make of a refusal.
  bool lacks_role(const Request& request) const { return logged_in() && !admitted_.contains(request.action); }
  // There are credentials, and nobody has asked for them (quirk 60).
  bool has_unused_credentials() const { return state_ == State::kUntested && !credentials_.empty(); }
  std::string scheme_name() const;  // "none", "wsse", "digest/md5", "digest/sha-256", "digest/md5+wsse"
  std::chrono::milliseconds clock_offset() const { return offset_; }
  const Quirks& quirks() const { return quirks_; }

  // Requests that carry credentials and are refused: more would lock the user out somewhere (quirk 57).
  static constexpr int kMaxRefusals = 3;

 private:
  enum class Dialect : std::uint8_t { kAction, kNoAction, kSoap11 };
  enum class State : std::uint8_t { kUntested, kAccepted, kRefused };
  struct Scheme {
    bool wsse = false, digest = false;
    TokenForm form = TokenForm::kDefaultNamespace;
    std::chrono::milliseconds offset{0};
  };
  // What became of one request.
  struct Outcome {
    Result<std::string> reply;
    bool refused = false;  // for want of (right) credentials
    bool baffled = false;  // by the Security header
    bool carried = false;  // credentials went with it
    int status = 0;
    std::vector<std::string> challenges;
    std::string reason;  // the device's words
  };

  Outcome exchange(const Url& service, const Request& request, const Scheme& scheme);
  Result<HttpReply> post_in_dialect(const Url& service, const Request& request, const std::string& header,
                                    const std::optional<std::string>& authorization);
  Result<HttpReply> post_once(Url url, const Request& request, const std::string& header,
                              const std::optional<std::string>& authorization);
  bool follow(Url& url, const HttpReply& reply);
  bool change_dialect(const HttpReply& reply);
  Outcome judge(const Url& service, HttpReply reply, bool carried);
  Outcome without_security(const Url& service, const Request& request, Outcome first);
  Outcome log_in(const Url& service, const Request& request, Outcome first);
  std::vector<Scheme> token_ladder() const;
  std::optional<Scheme> next_scheme(const Scheme& tried, const Outcome& outcome, unsigned attempt) const;
  Result<std::string> refusal(const Url& service, const Request& request, const Outcome& outcome);
  bool sends_token(const Url& service, const Scheme& scheme) const;
  AuthClient& digest_for(const Url& service);

  Post post_;
  Credentials credentials_;
  bool allow_plain_ = false;
  State state_ = State::kUntested;
  Scheme scheme_;
  int refusals_ = 0;
  Dialect dialect_ = Dialect::kAction;
  bool dialect_settled_ = false;
  std::chrono::milliseconds offset_{0};
  std::optional<std::chrono::milliseconds> date_offset_;
  std::map<std::string, AuthClient> digests_;    // by service URL (quirk 51)
  std::map<std::string, Url> redirects_;         // by origin (quirk 41)
  std::set<std::string, std::less<>> admitted_;  // actions that the credentials were good for
  std::set<std::string> no_tokens_;              // service URLs that take no Security header (quirk 55)
  Quirks quirks_;
};

}  // namespace camctl::onvif

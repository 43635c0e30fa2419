#include "libonvif/soap_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "libonvif/lenient.h"
#include "libonvif/reply_form.h"

namespace camctl::onvif {
namespace {

using std::chrono::milliseconds;

// Two clocks this near are one to every device that checks Created (quirk 44 names 5 s as the strictest).
constexpr milliseconds kSameClock{2000};

bool contains(std::string_view text, std::string_view word) { return text.find(word) != text.npos; }

std::string origin(const Url& url) { return url.scheme + "://" + url.authority(); }

// How many challenges of Digest there are that can be answered.
std::ptrdiff_t digests_offered(const std::vector<std::string>& www_authenticate) {
  std::ptrdiff_t count = 0;
  for (const auto& value : www_authenticate)
    count += std::ranges::count_if(parse_challenges(value), [](const Challenge& c) {
      return c.scheme == Challenge::Scheme::kDigest && c.algorithm && !c.nonce.empty();
    });
  return count;
}

// IMF-fixdate (RFC 9110 §5.6.7): "Sun, 22 Nov 2026 20:05:49 GMT".
std::optional<std::chrono::system_clock::time_point> parse_http_date(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto words = text::split(text, " ,:");
  if (words.size() < 7 || words[2].size() != 3) return std::nullopt;
  const auto month = kMonths.find(words[2]);
  if (month == kMonths.npos || month % 3 != 0) return std::nullopt;
  const std::string number = std::to_string(month / 3 + 1);
  return make_date_time({words[3], number, words[1], words[4], words[5], words[6]});
}

// A device that says how many tries are left, or that the user is locked, must not be tried again (quirk 57).
bool warns_of_lockout(std::string_view reason) {
  const std::string words = text::lower(reason);
  return contains(words, "attempt") || contains(words, "lock");
}

Error fault_error(const Url& service, const Fault& fault) {
  const bool missing = fault.has_subcode("ActionNotSupported") || fault.has_subcode("UnknownAction") ||
                       contains(text::lower(fault.reason), "not implemented");
  return {missing ? ErrorCode::kUnsupported : ErrorCode::kProtocol,
          fmt::format("{} answers {}", service.authority(), fault.to_string()),
          {}};
}

Error status_error(const Url& service, int status) {
  constexpr int kNotFound = 404, kNotAllowed = 405;
  if (status == kNotFound || status == kNotAllowed)
    return {ErrorCode::kUnsupported,
            fmt::format("{} has no service at this path (HTTP {})", service.authority(), status),
            {}};
  return {
      ErrorCode::kProtocol, fmt::format("{} answers HTTP {} without SOAP", service.authority(), status), {}};
}

}  // namespace

SoapClient::SoapClient(Post post, Credentials credentials)
    : post_(std::move(post)), credentials_(std::move(credentials)) {}

void SoapClient::set_clock_offset(milliseconds offset) { offset_ = offset; }

bool SoapClient::shift_clock(milliseconds change) {
  if (!logged_in() || !scheme_.wsse || std::chrono::abs(change) < kSameClock) return false;
  offset_ = scheme_.offset += change;
  return true;
}

std::string SoapClient::scheme_name() const {
  if (state_ != State::kAccepted) return "none";
  std::string name;
  if (scheme_.digest)
    for (const auto& [url, client] : digests_)
      if (client.scheme_name() != "none") name = client.scheme_name();
  if (scheme_.wsse) name += name.empty() ? "wsse" : "+wsse";
  return name.empty() ? "none" : name;
}

AuthClient& SoapClient::digest_for(const Url& service) {
  return digests_.try_emplace(service.to_string(), credentials_, /*allow_basic=*/false).first->second;
}

// ---- Transport

bool SoapClient::follow(Url& url, const HttpReply& reply) {
  auto found = redirected(url, reply);
  if (!found) return false;
  Url& next = *found;
  if (origin(next) != origin(url)) {
    quirks_.insert(41);
    redirects_.insert_or_assign(origin(url), next);
  }
  url = std::move(next);
  return true;
}

Result<HttpReply> SoapClient::post_once(Url url, const Request& request, const std::string& header,
                                        const std::optional<std::string>& authorization) {
  const auto version = dialect_ == Dialect::kSoap11 ? SoapVersion::k11 : SoapVersion::k12;
  const std::string envelope = make_envelope(version, header + request.headers, request.body);
  HttpRequest http;
  http.body = envelope;
  switch (dialect_) {  // exactly so (quirks 30 to 32)
    case Dialect::kAction:
      http.content_type = fmt::format("application/soap+xml; charset=utf-8; action=\"{}\"", request.action);
      break;
    case Dialect::kNoAction:
      http.content_type = "application/soap+xml; charset=utf-8";
      break;
    case Dialect::kSoap11:
      http.content_type = "text/xml; charset=utf-8";
      http.headers.push_back(fmt::format("SOAPAction: \"{}\"", request.action));
      break;
  }
  if (authorization) http.headers.push_back("Authorization: " + *authorization);

  if (const auto known = redirects_.find(origin(url)); known != redirects_.end()) {
    url.scheme = known->second.scheme;
    url.port = known->second.port;
  }
  for (int hop = 0;; ++hop) {
    auto reply = post_(url, http);
    if (!reply) return reply;
    quirks_.merge(form_quirks(*reply));
    if (const auto date = parse_http_date(reply->date))
      date_offset_ = std::chrono::duration_cast<milliseconds>(*date - std::chrono::system_clock::now());
    if (hop == kMaxRedirects || !follow(url, *reply)) return reply;
  }
}

// True if the reply tells that the device wants to be asked in another way.
bool SoapClient::change_dialect(const HttpReply& reply) {
  constexpr int kUnsupportedMediaType = 415;
  const auto fault = find_fault(reply.body);
  if (fault && dialect_ == Dialect::kAction && contains(text::lower(fault->reason), "cannot be processed")) {
    quirks_.insert(31);
    dialect_ = Dialect::kNoAction;
    return true;
  }
  const bool empty = reply.status == 200 && text::trim(reply.body).empty();
  const bool version = fault && fault->code == "VersionMismatch";
  if (dialect_ != Dialect::kSoap11 && (empty || version || reply.status == kUnsupportedMediaType)) {
    if (empty) quirks_.insert(29);
    dialect_ = Dialect::kSoap11;
    return true;
  }
  return false;
}

Result<HttpReply> SoapClient::post_in_dialect(const Url& service, const Request& request,
                                              const std::string& header,
                                              const std::optional<std::string>& authorization) {
  auto reply = post_once(service, request, header, authorization);
  const Dialect usual = dialect_;
  if (!dialect_settled_ && reply && change_dialect(*reply)) {
    reply = post_once(service, request, header, authorization);
    // An empty answer in both dialects says nothing about dialects.
    if (reply && text::trim(reply->body).empty()) dialect_ = usual;
  }
  if (reply && contains(reply->body, "Envelope")) dialect_settled_ = true;
  return reply;
}

// ---- Judging replies

SoapClient::Outcome SoapClient::judge(const Url& service, HttpReply reply, bool carried) {
  constexpr int kUnauthorized = 401, kForbidden = 403;
  Outcome outcome{std::string{}, false, false, carried, reply.status, std::move(reply.www_authenticate), {}};
  const bool denied = reply.status == kUnauthorized || reply.status == kForbidden;
  if (const auto fault = find_fault(reply.body)) {  // whatever the status (quirk 27)
    outcome.reason = fault->reason;
    outcome.refused = denied || is_auth_fault(*fault);
    outcome.baffled = fault->code == "MustUnderstand";
    if (outcome.refused && !has_auth_code(*fault)) quirks_.insert(58);
    outcome.reply = fail(fault_error(service, *fault));
  } else if (denied || (reply.status == 200 && text::trim(reply.body).empty())) {  // quirk 29
    outcome.refused = true;
    outcome.reply = fail(status_error(service, reply.status));
  } else if (reply.status / 100 == 2 || contains(reply.body, "Response")) {
    outcome.reply = std::move(reply.body);
  } else {
    outcome.reply = fail(status_error(service, reply.status));
  }
  if (outcome.refused) outcome.reply = fail(ErrorCode::kAuth, service.authority() + " asks for credentials");
  return outcome;
}

SoapClient::Outcome SoapClient::exchange(const Url& service, const Request& request, const Scheme& scheme) {
  std::string header;
  const bool token = sends_token(service, scheme);
  if (token)
    header = security_header(credentials_, make_nonce(), std::chrono::system_clock::now() + scheme.offset,
                             scheme.form);
  AuthClient* digest = scheme.digest ? &digest_for(service) : nullptr;
  const std::string target = service.target.empty() ? "/" : service.target;
  auto authorization = digest ? digest->authorization("POST", target) : std::nullopt;
  auto reply = post_in_dialect(service, request, header, authorization);
  if (!reply) return {fail(reply.error()), false, false, token || authorization, 0, {}, {}};

  constexpr int kUnauthorized = 401;
  if (digest && reply->status == kUnauthorized && digest->challenge(reply->www_authenticate)) {
    // The first challenge of this URL, or a nonce that had aged.
    authorization = digest->authorization("POST", target);
    reply = post_in_dialect(service, request, header, authorization);
    if (!reply) return {fail(reply.error()), false, false, true, 0, {}, {}};
  }
  return judge(service, std::move(*reply), token || authorization);
}

// Asks again where a service does not know what Security is (quirk 55).
SoapClient::Outcome SoapClient::without_security(const Url& service, const Request& request, Outcome first) {
  if (!first.baffled || !sends_token(service, scheme_)) return first;
  no_tokens_.insert(service.to_string());
  quirks_.insert(55);
  return exchange(service, request, scheme_);
}

bool SoapClient::sends_token(const Url& service, const Scheme& scheme) const {
  return scheme.wsse && !no_tokens_.contains(service.to_string());
}

// ---- Credentials

// The ways to send a token, in the order in which they are tried: by each clock that may be meant (quirk 46),
// with a sure clock in the other spelling (quirk 53), last in clear (quirk 56). At most kMaxRefusals.
std::vector<SoapClient::Scheme> SoapClient::token_ladder() const {
  std::vector<Scheme> ladder;
  const auto add_clock = [&](milliseconds offset) {
    const auto near = [&](const Scheme& other) {
      return std::chrono::abs(other.offset - offset) < kSameClock;
    };
    if (std::ranges::none_of(ladder, near))
      ladder.push_back(
          {.wsse = true, .digest = false, .form = TokenForm::kDefaultNamespace, .offset = offset});
  };
  add_clock(offset_);
  add_clock(milliseconds{0});
  if (date_offset_) add_clock(*date_offset_);
  if (ladder.size() == 1) {
    ladder.push_back(ladder.front());
    ladder.back().form = TokenForm::kPrefixed;
  }
  if (!allow_plain_) return ladder;
  if (ladder.size() == kMaxRefusals) ladder.pop_back();
  ladder.push_back(ladder.front());
  ladder.back().form = TokenForm::kPlain;
  return ladder;
}

std::optional<SoapClient::Scheme> SoapClient::next_scheme(const Scheme& tried, const Outcome& outcome,
                                                          unsigned attempt) const {
  Scheme next = tried;
  if (tried.digest) {
    // The HTTP layer let us in, SOAP did not: the device wants both.
    constexpr int kUnauthorized = 401;
    if (outcome.status == kUnauthorized || tried.wsse) return std::nullopt;
    next.wsse = true;
    return next;
  }
  if (!outcome.refused) {  // the token itself was not understood (quirks 53, 55)
    if (tried.form != TokenForm::kDefaultNamespace) return std::nullopt;
    next.form = TokenForm::kPrefixed;
    return next;
  }
  const auto ladder = token_ladder();
  if (attempt >= ladder.size()) return std::nullopt;
  return ladder[attempt];
}

SoapClient::Outcome SoapClient::log_in(const Url& service, const Request& request, Outcome first) {
  Scheme scheme;
  scheme.offset = offset_;
  const auto digests = digests_offered(first.challenges);
  if (digests > 1) quirks_.insert(50);
  if (digests > 0) {  // quirk 49
    scheme.digest = true;
    digest_for(service).challenge(first.challenges);
  } else {
    scheme.wsse = true;
  }
  Outcome outcome = std::move(first);
  for (unsigned attempt = 1; refusals_ < kMaxRefusals; ++attempt) {
    outcome = exchange(service, request, scheme);
    if (outcome.reply) {
      state_ = State::kAccepted;
      scheme_ = scheme;
      if (scheme.form == TokenForm::kPrefixed) quirks_.insert(53);
      if (scheme.form == TokenForm::kPlain) quirks_.insert(56);
      if (scheme.wsse && scheme.offset != offset_) quirks_.insert(46);
      if (scheme.wsse) offset_ = scheme.offset;
      return outcome;
    }
    if (outcome.refused) ++refusals_;
    const bool warned = warns_of_lockout(outcome.reason);
    if (warned) quirks_.insert(57);
    if (outcome.status == 0 || warned) break;
    if (scheme.digest && outcome.refused && outcome.status == 401 && digest_for(service).fall_back())
      continue;
    const auto next = next_scheme(scheme, outcome, attempt);
    if (!next) break;
    scheme = *next;
  }
  if (outcome.refused) state_ = State::kRefused;
  return outcome;
}

Result<std::string> SoapClient::refusal(const Url& service, const Request& request, const Outcome& outcome) {
  const std::string where = service.authority();
  if (!outcome.carried)
    return fail(ErrorCode::kAuth, where + " asks for credentials",
                "give --user and --password-file, or credentials: in the configuration");
  const std::string words = outcome.reason.empty() ? "" : fmt::format(" ({})", outcome.reason);
  if (lacks_role(request))
    return fail(ErrorCode::kAuth, fmt::format("{} lets the user in, but not do this{}", where, words),
                "its role is too low: ask with a user who may do more, or raise the role at the device");
  std::string hint =
      "cameras often keep users for ONVIF apart from those of their web page, or lack the role for it";
  if (outcome.challenges.empty() && !allow_plain_)
    hint += "; one that takes passwords in clear only needs --allow-plain";
  return fail(ErrorCode::kAuth, fmt::format("{} refuses the credentials{}", where, words), std::move(hint));
}

Result<std::string> SoapClient::call_openly(const Url& service, const Request& request) {
  return exchange(service, request, Scheme{}).reply;
}

Result<std::string> SoapClient::call(const Url& service, const Request& request) {
  if (state_ == State::kRefused)
    return fail(ErrorCode::kAuth,
                service.authority() + " refused the credentials, so it was asked nothing more");
  const bool known = state_ == State::kAccepted && refusals_ < kMaxRefusals;
  Outcome outcome =
      without_security(service, request, exchange(service, request, known ? scheme_ : Scheme{}));
  if (outcome.refused && outcome.carried) ++refusals_;
  if (outcome.refused && !outcome.carried && state_ == State::kUntested && !credentials_.empty())
    outcome = log_in(service, request, std::move(outcome));
  if (outcome.refused) return refusal(service, request, outcome);
  if (outcome.reply && outcome.carried) admitted_.emplace(request.action);
  return std::move(outcome.reply);
}

}  // namespace camctl::onvif

#include "libonvif/virtual_device_login.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "libonvif/virtual_device_reply.h"
#include "libonvif/wsse.h"

namespace camctl::onvif {
namespace {

using Clock = std::chrono::system_clock;

constexpr std::string_view kRealm = "camctl";
// How far a token's Created may be from the device's clock; as the devices of quirk 44 have it.
constexpr std::chrono::seconds kTokenWindow{300}, kStrictWindow{5};
constexpr unsigned kLockedAfter = 5;                      // quirk 57; Hikvision's default
constexpr std::size_t kUsualNonce = 24, kUsualDate = 24;  // quirk 52: 16 bytes in base64, milliseconds and Z
constexpr std::string_view kOpaque = R"(opaque="5ccc069c403ebaf9")";

// Access class PRE_AUTH (ONVIF Core §5.9.4.3).
constexpr std::array<std::string_view, 5> kPreAuth{"tds:GetSystemDateAndTime", "tds:GetServices",
                                                   "tds:GetCapabilities", "tds:GetHostname",
                                                   "tds:GetEndpointReference"};

bool is_media(std::string_view operation) {
  return operation.starts_with("trt:") || operation.starts_with("tr2:");
}

void replace(std::string& text, std::string_view from, std::string_view to) {
  if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
}

// Quirk 50, as Hikvision writes them.
void write_sloppily(std::string& challenge) {
  replace(challenge, ", algorithm=MD5", "");
  replace(challenge, R"(qop="auth")", fmt::format(R"(qop="auth,auth-int", {})", kOpaque));
}

}  // namespace

VirtualLogin::VirtualLogin(const VirtualDeviceConfig& config) : config_(config) {}

bool VirtualLogin::asks_for_digest() const {
  return config_.auth == VirtualAuth::kDigest || config_.auth == VirtualAuth::kBoth;
}

bool VirtualLogin::is_open(std::string_view operation) const {
  if (config_.auth == VirtualAuth::kNone) return true;
  const bool date = operation == kPreAuth.front();
  if (date ? has(45) : has(65)) return false;
  if (has(55) && is_media(operation)) return true;
  return std::ranges::find(kPreAuth, operation) != kPreAuth.end();
}

bool VirtualLogin::admits(const SoapContext& context, const SoapRequest& request, std::string_view operation,
                          Clock::time_point now) {
  const auto login = judge(context, request, now);
  if (login.given && has(60)) return false;
  if (login.given && !login.right && has(61)) return false;
  if (is_open(operation)) return true;
  return login.right && !(has(59) && is_media(operation));
}

bool VirtualLogin::admits(const SoapRequest& request) {
  if (config_.auth == VirtualAuth::kNone) return true;
  const auto verdict = check_digest(request);
  if (verdict == AuthServer::Verdict::kRefused) count_refusal("digest");
  return verdict == AuthServer::Verdict::kOk;
}

// Wrong credentials are counted wherever they are looked at.
VirtualLogin::Judged VirtualLogin::judge(const SoapContext& context, const SoapRequest& request,
                                         Clock::time_point now) {
  Judged login;
  const bool locked = has(57) && refusals_ >= kLockedAfter;
  if (config_.auth != VirtualAuth::kWsse && !request.authorization.empty()) {
    const auto verdict = check_digest(request);
    login.given = verdict != AuthServer::Verdict::kMissing;
    login.right = verdict == AuthServer::Verdict::kOk && !locked;
    if (verdict == AuthServer::Verdict::kRefused) count_refusal("digest");
  }
  const auto token = username_token(context);
  if (login.right || !token) return login;
  login.given = true;
  login.right = config_.auth != VirtualAuth::kDigest && !locked && is_right(*token, request, now);
  if (!login.right) count_refusal(token->password_type.ends_with("#PasswordText") ? "plain" : "wsse");
  return login;
}

bool VirtualLogin::is_right(const ReceivedToken& token, const SoapRequest& request,
                            Clock::time_point now) const {
  if (has(53) && request.body.find("<wsse:Security") == request.body.npos) return false;
  if (has(52) && (token.nonce_base64.size() > kUsualNonce || token.created.size() > kUsualDate)) return false;
  if (has(56))
    return token.password_type.ends_with("#PasswordText") && token.username == config_.credentials.user &&
           token.password == config_.credentials.password.reveal();
  return token.password_type.ends_with("#PasswordDigest") &&
         check_token({token.username, token.password, token.nonce_base64, token.created}, config_.credentials,
                     now, has(44) ? kStrictWindow : kTokenWindow) == TokenVerdict::kOk;
}

AuthServer& VirtualLogin::digest_of(std::string_view target) {
  const auto algorithms =
      has(50) ? std::vector{DigestAlgorithm::kMd5, DigestAlgorithm::kSha256} : config_.digest;
  // Paths are bounded: nothing else is a service (is_service_path()).
  const std::string path(has(51) ? target.substr(0, target.find('?')) : std::string_view{});
  return digests_.try_emplace(path, std::string(kRealm), algorithms).first->second;
}

AuthServer::Verdict VirtualLogin::check_digest(const SoapRequest& request) {
  const auto verdict = digest_of(request.target)
                           .check(request.authorization, request.method, request.target, config_.credentials);
  const bool echoes = request.authorization.find(kOpaque) != request.authorization.npos;
  if (verdict == AuthServer::Verdict::kOk && has(50) && !echoes) return AuthServer::Verdict::kRefused;
  return verdict;
}

void VirtualLogin::add_challenges(SoapReply& reply, const SoapRequest& request) {
  const bool stale = !has(51) && check_digest(request) == AuthServer::Verdict::kStale;
  for (auto& challenge : digest_of(request.target).challenges(stale)) {
    if (has(50)) write_sloppily(challenge);
    reply.headers.emplace_back("WWW-Authenticate", std::move(challenge));
  }
}

void VirtualLogin::count_refusal(std::string_view scheme) {
  ++refusals_;
  if (config_.on_refusal) config_.on_refusal(scheme);
}

std::string VirtualLogin::reason() const {
  if (!has(57) || refusals_ == 0) return "Sender not authorized";
  if (refusals_ >= kLockedAfter) return "The user is locked. Please try again after 30 minutes.";
  return fmt::format("The user name or password is wrong. You still have {} attempt(s).",
                     kLockedAfter - refusals_);
}

SoapReply VirtualLogin::refusal(const SoapRequest& request) {
  auto reply = fault_reply({Blame::kSender, has(58) ? "" : "ter:NotAuthorized", {}, reason()});
  if (!asks_for_digest()) return reply;
  reply.status = 401;
  add_challenges(reply, request);
  return reply;
}

SoapReply VirtualLogin::challenge(const SoapRequest& request) {
  auto reply = plain_reply(401, "credentials are needed\n");
  add_challenges(reply, request);
  return reply;
}

}  // namespace camctl::onvif

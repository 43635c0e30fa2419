#include "libonvif/http.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cassert>
#include <mutex>

#include "base/digest_auth.h"
#include "base/text.h"

namespace camctl::onvif {
namespace {

void init_curl_once() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

using ShownKey = std::optional<tls::KeyPin>;

// Notes the key that a device shows. Whether it is the pinned one, libcurl says.
int note_key(X509_STORE_CTX* store, void* user) {
  unsigned char* der = nullptr;
  const X509* certificate = X509_STORE_CTX_get0_cert(store);
  const int size = certificate != nullptr ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der) : 0;
  if (size > 0)
    *static_cast<ShownKey*>(user) = tls::KeyPin::of_public_key({der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return X509_verify_cert(store);
}

CURLcode prepare_tls(CURL*, void* context, void* user) {
  SSL_CTX_set_cert_verify_callback(static_cast<SSL_CTX*>(context), note_key, user);
  return CURLE_OK;
}

// Old cameras: TLS 1.0, small keys, renegotiation without RFC 5746 (quirk 40).
CURLcode prepare_old_tls(CURL* curl, void* context, void* user) {
  SSL_CTX_set_options(static_cast<SSL_CTX*>(context), SSL_OP_LEGACY_SERVER_CONNECT);
  return prepare_tls(curl, context, user);
}

struct HeaderList {
  curl_slist* list = nullptr;
  ~HeaderList() { curl_slist_free_all(list); }
  void add(const std::string& line) {
    if (curl_slist* longer = curl_slist_append(list, line.c_str())) list = longer;
  }
};

// One exchange in flight.
struct Exchange {
  HttpReply reply;
  std::size_t limit = 0;
  bool too_long = false;
  bool keeps = false;  // the connection, by what the reply says
  std::stop_token stop;
};

std::size_t take_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (exchange.reply.body.size() + size > exchange.limit) {
    exchange.too_long = true;
    return 0;  // libcurl stops
  }
  exchange.reply.body.append(data, size);
  return size;
}

std::size_t take_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  auto& reply = exchange.reply;
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) {  // also after a 100 Continue
    reply = HttpReply{};
    exchange.keeps = !line.starts_with("HTTP/1.0");  // RFC 9112 §9.3
    return size;
  }
  const auto colon = line.find(':');
  if (colon == line.npos) return size;
  const std::string_view name = text::trim(line.substr(0, colon));
  const std::string_view value = text::trim(line.substr(colon + 1));
  if (text::iequals(name, "Date")) reply.date = value;
  if (text::iequals(name, "Location")) reply.location = value;
  if (text::iequals(name, "Content-Type")) reply.content_type = value;
  if (text::iequals(name, "Connection")) exchange.keeps = text::iequals(value, "keep-alive");
  if (text::iequals(name, "WWW-Authenticate") && reply.www_authenticate.size() < kMaxChallenges)
    reply.www_authenticate.emplace_back(value);
  return size;
}

int stop_requested(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Exchange*>(user)->stop.stop_requested() ? 1 : 0;
}

// "http://[fe80::1]:80" for libcurl, which takes the zone apart from the address.
std::string origin_of(const Url& url) {
  const std::string host = url.host.substr(0, url.host.find('%'));
  const bool v6 = host.find(':') != host.npos;
  return fmt::format("{}://{}{}{}{}", url.scheme, v6 ? "[" : "", host, v6 ? "]" : "",
                     url.port ? fmt::format(":{}", *url.port) : std::string{});
}

long zone_of(const Url& url) {
  const auto percent = url.host.find('%');
  if (percent == url.host.npos) return 0;
  std::string zone = url.host.substr(percent + 1);
  if (zone.starts_with("25") && zone.size() > 2) zone.erase(0, 2);  // RFC 6874: "%25eth0"
  return static_cast<long>(if_nametoindex(zone.c_str()));
}

// Of a device that may be another one, or of somebody in between. Nothing has been said to it.
Error other_key(const Url& url, const ShownKey& shown) {
  return {ErrorCode::kProtocol,
          fmt::format("{} has the TLS key {}, which is not the one that it is known by (onvif_tls_pin)",
                      url.authority(), shown ? shown->to_string() : std::string("of another kind")),
          "another device answers there, or somebody is in between; if the camera was replaced or reset, let "
          "camctl discover --trust-new-keys take its new key"};
}

// OpenSSL's reason alone, of "OpenSSL/3.0.17: error:0A00010B:SSL routines::wrong version number".
std::string_view tls_reason(std::string_view detail) {
  const auto colon = detail.rfind(':');
  return colon == detail.npos ? detail : text::trim(detail.substr(colon + 1));
}

Error error_of(CURLcode code, const char* detail, const Url& url, const Exchange& exchange) {
  const std::string where = url.authority();
  if (exchange.too_long)
    return {ErrorCode::kLimit, fmt::format("{} sends more than {} bytes", where, exchange.limit), {}};
  const std::string_view words = *detail ? std::string_view(detail) : curl_easy_strerror(code);
  switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
      return {ErrorCode::kCancelled, "stopped", {}};
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorCode::kTimeout, where + " does not answer in time", {}};
    case CURLE_COULDNT_RESOLVE_HOST:
      return {ErrorCode::kNetwork, "looking up " + url.host + ": there is no such host",
              "check the name, or give the camera's IP address"};
    case CURLE_COULDNT_CONNECT:
      return {ErrorCode::kNetwork, where + " refuses connections or is not there",
              "check address and port; ONVIF is off by default in many cameras"};
    case CURLE_PEER_FAILED_VERIFICATION:
      return {ErrorCode::kNetwork, where + " has a certificate that cannot be verified",
              "cameras sign their own: leave --verify out"};
    case CURLE_GOT_NOTHING:
      return {ErrorCode::kNetwork, where + " closes the connection without an answer",
              url.scheme == "http" ? "is this its port of ONVIF, and is that http:// or https://?" : ""};
    case CURLE_UNSUPPORTED_PROTOCOL:  // as libcurl calls what answers in no HTTP that it knows
    case CURLE_WEIRD_SERVER_REPLY:
      return {ErrorCode::kProtocol, where + " does not answer in HTTP",
              url.scheme == "http" ? "is this its port of ONVIF, and is that http:// or https://?" : ""};
    case CURLE_SSL_CONNECT_ERROR:
      return {ErrorCode::kNetwork,
              fmt::format("{} does not speak TLS that we know: {}", where, tls_reason(words)),
              "if the camera has plain HTTP on this port, give its address as http://"};
    default:
      return {ErrorCode::kNetwork, fmt::format("asking {}: {}", where, words), {}};
  }
}

}  // namespace

struct HttpTransport::Impl {
  HttpOptions options;
  CURL* curl = nullptr;
  char detail[CURL_ERROR_SIZE] = {};
  ShownKey shown;     // by the newest connection with TLS
  bool told = false;  // options.unverified

  // After each reply: whether the last one's connection was gone, and how long this one is to be there.
  void note_connection(const std::string& origin, Exchange& exchange, bool repeated);

  std::string kept;  // origin of the connection that should still be open
  std::chrono::steady_clock::time_point last_reply;
};

void HttpTransport::Impl::note_connection(const std::string& origin, Exchange& exchange, bool repeated) {
  constexpr std::chrono::seconds kIdle{2};  // who hangs up later is only tidy
  const auto now = std::chrono::steady_clock::now();
  long connects = 0, trust = X509_V_OK;
  curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &connects);
  curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &trust);
  exchange.reply.hung_up = repeated || (connects > 0 && kept == origin && now - last_reply < kIdle);
  exchange.reply.untrusted = origin.starts_with("https") && trust != X509_V_OK;
  kept = exchange.keeps ? origin : "";
  last_reply = now;
}

HttpTransport::HttpTransport(HttpOptions options) : impl_(std::make_unique<Impl>()) {
  init_curl_once();
  impl_->options = std::move(options);
  impl_->curl = curl_easy_init();
  CURL* curl = impl_->curl;
  if (!curl) return;
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, impl_->detail);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");  // cameras are near; a proxy of the environment is not for them
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, 1L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, stop_requested);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, impl_->options.verify_tls ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, impl_->options.verify_tls ? 2L : 0L);
  if (!impl_->options.interface.empty())
    curl_easy_setopt(curl, CURLOPT_INTERFACE, ("if!" + impl_->options.interface).c_str());
  if (!impl_->options.verify_tls) {
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_0);
    curl_easy_setopt(curl, CURLOPT_SSL_CIPHER_LIST, "DEFAULT@SECLEVEL=0");
  }
  curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, impl_->options.verify_tls ? prepare_tls : prepare_old_tls);
  curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, &impl_->shown);
  if (const auto& pin = impl_->options.tls_pin)
    curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, pin->to_string().c_str());
}

HttpTransport::~HttpTransport() {
  if (impl_->curl) curl_easy_cleanup(impl_->curl);
}

std::optional<Url> redirected(const Url& url, const HttpReply& reply) {
  const int status = reply.status;
  const bool redirect = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  if (!redirect || reply.location.empty()) return std::nullopt;
  Url next = url;
  if (reply.location.front() == '/') {
    next.target = reply.location;
    return next;
  }
  const auto absolute = Url::parse(reply.location);
  if (!absolute || absolute->host != url.host || (absolute->scheme != "http" && absolute->scheme != "https"))
    return std::nullopt;
  next = *absolute;
  next.credentials = {};
  return next;
}

Result<HttpReply> HttpTransport::post(const Url& url, const HttpRequest& request, const std::stop_token& stop,
                                      std::chrono::steady_clock::time_point deadline) {
  std::vector<std::string> headers = {"Content-Type: " + request.content_type,
                                      "Accept: application/soap+xml, text/xml",
                                      "Expect:"};  // cameras do not know 100-continue
  headers.insert(headers.end(), request.headers.begin(), request.headers.end());
  return perform(url, headers, request.body, stop, deadline);
}

Result<HttpReply> HttpTransport::get(const Url& url, const std::vector<std::string>& headers,
                                     const std::stop_token& stop,
                                     std::chrono::steady_clock::time_point deadline) {
  return perform(url, headers, std::nullopt, stop, deadline);
}

Result<HttpReply> HttpTransport::perform(const Url& url, const std::vector<std::string>& headers,
                                         const std::optional<std::string_view>& body,
                                         const std::stop_token& stop,
                                         std::chrono::steady_clock::time_point deadline) {
  CURL* curl = impl_->curl;
  if (!curl) return fail(ErrorCode::kInternal, "libcurl cannot be initialised");
  HeaderList list;
  for (const auto& line : headers) list.add(line);

  const std::string origin = origin_of(url) + "/";
  const std::string target = url.target.starts_with('/') ? url.target : "/" + url.target;
  curl_easy_setopt(curl, CURLOPT_URL, origin.c_str());
  curl_easy_setopt(curl, CURLOPT_REQUEST_TARGET, target.c_str());
  curl_easy_setopt(curl, CURLOPT_ADDRESS_SCOPE, zone_of(url));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list.list);
  if (body) {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): its size is set
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->data());
  } else {
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  }

  Exchange exchange;
  CURLcode code = CURLE_OK;
  int attempt = 0;
  for (; attempt < 2; ++attempt) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (stop.stop_requested()) return fail(ErrorCode::kCancelled, "stopped");
    if (left.count() <= 0) return fail(ErrorCode::kTimeout, url.authority() + " does not answer in time");
    const auto& options = impl_->options;
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(std::min(left, options.call_timeout).count()));
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(std::min(left, options.connect_timeout).count()));
    exchange = Exchange{{}, options.max_reply_bytes, false, false, stop};
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
    impl_->detail[0] = '\0';
    code = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    exchange.reply.status = static_cast<int>(status);
    const bool gone = code == CURLE_GOT_NOTHING || code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR;
    if (!gone || status != 0) break;
  }
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, nullptr);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, nullptr);
  // A reply that breaks off after a complete envelope is good enough: wrong Content-Length is common.
  const bool cut_short = body && code == CURLE_PARTIAL_FILE && exchange.reply.status != 0;
  if (code == CURLE_SSL_PINNEDPUBKEYNOTMATCH) return fail(other_key(url, impl_->shown));
  if (code != CURLE_OK && !cut_short) return fail(error_of(code, impl_->detail, url, exchange));
  impl_->note_connection(origin, exchange, attempt > 0);
  const auto& options = impl_->options;
  if (impl_->shown && !options.tls_pin && !options.verify_tls && options.unverified &&
      !std::exchange(impl_->told, true))
    options.unverified(*impl_->shown);
  return std::move(exchange.reply);
}

}  // namespace camctl::onvif

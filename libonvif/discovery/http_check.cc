#include "libonvif/discovery/http_check.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cassert>
#include <deque>
#include <unordered_map>

#include "base/url.h"

namespace camctl::onvif::discovery {
namespace {

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Job {
  std::string url;
  HttpCheck::Done done;
  std::string body;
  std::unique_ptr<CURL, EasyDeleter> easy;
};

std::size_t keep_body(char* data, std::size_t size, std::size_t count, void* user) {
  std::string& body = static_cast<Job*>(user)->body;
  const std::size_t bytes = size * count;
  if (body.size() + bytes > HttpCheck::kMaxReply) return 0;  // ends the transfer; what came is judged
  body.append(data, bytes);
  return bytes;
}

// Where a redirect leads, provided that it stays on the host that was asked.
std::string same_host_redirect(CURL* easy, const std::string& from) {
  const char* to = nullptr;
  curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &to);
  if (to == nullptr) return {};
  const auto a = Url::parse(from), b = Url::parse(to);
  const bool web = b && (b->scheme == "http" || b->scheme == "https");
  return a && web && a->host == b->host ? b->to_string() : std::string();
}

}  // namespace

struct HttpCheck::Impl {
  std::chrono::milliseconds timeout{0};
  std::string interface;  // as CURLOPT_INTERFACE takes it
  std::unique_ptr<curl_slist, ListDeleter> headers;
  std::deque<std::unique_ptr<Job>> queue;
  std::unordered_map<CURL*, std::unique_ptr<Job>> running;
  CURLM* multi = nullptr;  // made with the first request: a sweep that finds nothing needs no TLS library

  void prepare();
  void start(std::unique_ptr<Job> job);
  void finish(CURL* easy, CURLcode code);
};

HttpCheck::HttpCheck(std::chrono::milliseconds timeout, const std::string& interface)
    : impl_(std::make_unique<Impl>()) {
  impl_->timeout = timeout;
  if (!interface.empty()) impl_->interface = "if!" + interface;
}

HttpCheck::~HttpCheck() {
  if (impl_->multi == nullptr) return;
  for (auto& [easy, job] : impl_->running) curl_multi_remove_handle(impl_->multi, easy);
  impl_->running.clear();
  curl_multi_cleanup(impl_->multi);
  curl_global_cleanup();
}

void HttpCheck::Impl::prepare() {
  if (multi != nullptr) return;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  multi = curl_multi_init();
  curl_slist* list = nullptr;
  for (const std::string& line :
       {fmt::format("Content-Type: application/soap+xml; charset=utf-8; action=\"{}\"", kDateAction),
        std::string("Expect:"), std::string("Connection: close")})
    list = curl_slist_append(list, line.c_str());
  headers.reset(list);
}

void HttpCheck::Impl::start(std::unique_ptr<Job> job) {
  job->easy.reset(curl_easy_init());
  CURL* easy = job->easy.get();
  static const std::string body(date_request());
  curl_easy_setopt(easy, CURLOPT_URL, job->url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  if (!interface.empty()) curl_easy_setopt(easy, CURLOPT_INTERFACE, interface.c_str());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, job.get());
  curl_multi_add_handle(multi, easy);
  running.emplace(easy, std::move(job));
}

void HttpCheck::Impl::finish(CURL* easy, CURLcode code) {
  const auto found = running.find(easy);
  assert(found != running.end());
  const std::unique_ptr<Job> job = std::move(found->second);
  running.erase(found);
  curl_multi_remove_handle(multi, easy);
  HttpOutcome outcome;
  curl_off_t connect_time = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &outcome.status);
  curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connect_time);
  outcome.connected = connect_time > 0;
  outcome.answered = outcome.status != 0;
  if (code != CURLE_OK) outcome.failure = curl_easy_strerror(code);
  outcome.redirect = same_host_redirect(easy, job->url);
  outcome.reply = read_date_reply(outcome.status, job->body);
  job->done(outcome);
}

void HttpCheck::post(const std::string& url, Done done) {
  auto job = std::make_unique<Job>();
  job->url = url;
  job->done = std::move(done);
  impl_->queue.push_back(std::move(job));
}

std::size_t HttpCheck::pending() const { return impl_->queue.size() + impl_->running.size(); }

void HttpCheck::run(int fd, std::chrono::milliseconds timeout) {
  impl_->prepare();
  while (!impl_->queue.empty() && impl_->running.size() < kMaxAtOnce) {
    std::unique_ptr<Job> job = std::move(impl_->queue.front());
    impl_->queue.pop_front();
    impl_->start(std::move(job));
  }
  int running = 0, left = 0;
  curl_multi_perform(impl_->multi, &running);
  while (const CURLMsg* message = curl_multi_info_read(impl_->multi, &left))
    if (message->msg == CURLMSG_DONE) {
      impl_->finish(message->easy_handle, message->data.result);
      timeout = std::chrono::milliseconds(0);
    }
  curl_waitfd extra{fd, CURL_WAIT_POLLIN, 0};
  curl_multi_poll(impl_->multi, &extra, 1, static_cast<int>(timeout.count()), nullptr);
}

}  // namespace camctl::onvif::discovery

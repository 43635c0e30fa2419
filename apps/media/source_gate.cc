#include "apps/media/source_gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

namespace camctl::apps {
namespace {

class GatedSource final : public media::Source, private media::SourceSink {
 public:
  GatedSource(std::shared_ptr<SourceGate> gate, media::SourceFactory factory, std::string host,
              std::uint64_t account)
      : gate_(std::move(gate)), factory_(std::move(factory)), host_(std::move(host)), account_(account) {}

  ~GatedSource() override { stop(); }

  void start(EventLoop& loop, media::SourceSink& sink) override {
    loop_ = &loop;
    sink_ = &sink;
    timer_.emplace(loop);
    ask();
  }

  void stop() override {
    timer_.reset();
    alive_.reset();
    if (source_) source_->stop();
    seat_.reset();
  }

  void set_hurry(bool hurry) override {
    hurry_ = hurry;
    if (source_) source_->set_hurry(hurry);
  }

 private:
  void ask() {
    const auto now = SourceGate::Clock::now();
    auto verdict = gate_->ask(host_, account_, now);
    if (!verdict) {
      // Not within start().
      loop_->post([this, alive = std::weak_ptr(alive_), error = std::move(verdict.error())] {
        if (!alive.expired()) sink_->on_end(fail(error));
      });
      return;
    }
    seat_ = std::move(verdict->seat);
    const auto wait = std::max(verdict->at - now, SourceGate::Clock::duration{});
    if (!seat_) return timer_->after(wait, [this] { ask(); });
    if (wait == wait.zero()) return connect();
    timer_->after(wait, [this] { connect(); });
  }

  void connect() {
    source_ = factory_();
    source_->set_hurry(hurry_);
    source_->start(*loop_, *this);
  }

  void on_stream(media::StreamInfoPtr info) override {
    gate_->accepted(account_);
    sink_->on_stream(std::move(info));
  }
  void on_camera_clock(std::chrono::milliseconds offset) override { sink_->on_camera_clock(offset); }
  void on_access_unit(media::AccessUnit unit) override { sink_->on_access_unit(std::move(unit)); }
  void on_end(Result<void> reason) override {
    if (!reason && reason.error().code == ErrorCode::kAuth)
      gate_->refused(account_, SourceGate::Clock::now());
    sink_->on_end(std::move(reason));
  }

  const std::shared_ptr<SourceGate> gate_;
  const media::SourceFactory factory_;
  const std::string host_;
  const std::uint64_t account_;
  EventLoop* loop_ = nullptr;
  media::SourceSink* sink_ = nullptr;
  bool hurry_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
  std::optional<Timer> timer_;
  std::shared_ptr<void> seat_;
  std::unique_ptr<media::Source> source_;
};

}  // namespace

std::uint64_t SourceGate::account_of(const std::string& host, const Credentials& credentials) {
  if (credentials.empty()) return 0;
  const auto text = fmt::format("{}\n{}\n{}", host, credentials.user, credentials.password.reveal());
  return std::max<std::uint64_t>(1, std::hash<std::string>{}(text));
}

media::SourceFactory SourceGate::guard(media::SourceFactory factory, std::string host,
                                       const Credentials& credentials) {
  return [self = shared_from_this(), factory = std::move(factory), host,
          account = account_of(host, credentials)] {
    return std::make_unique<GatedSource>(self, factory, host, account);
  };
}

Result<SourceGate::Verdict> SourceGate::ask(const std::string& host, std::uint64_t account,
                                            Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  auto& place = hosts_[host];
  if (place.sessions >= host_sessions_)
    return fail(ErrorCode::kLimit, fmt::format("{} sessions are open at {}", place.sessions, host),
                "host_sessions in the configuration allows more");
  if (account != 0) {
    auto& known = accounts_[account];
    if (now < known.blocked_until)
      return fail(ErrorCode::kAuth, fmt::format("{} has refused these credentials", host),
                  "they are tried again later; correct user and password in the configuration");
    if (!known.known_good) {
      if (now < known.tried_until) return Verdict{nullptr, now + kAskAgain};
      known.tried_until = now + kFirstAnswer;
    }
  }
  const auto at = std::max({now, next_, place.next});
  next_ = at + kSpacing;
  place.next = at + kHostSpacing;
  ++place.sessions;
  std::shared_ptr<void> seat(this, [self = shared_from_this(), host](void*) { self->leave(host); });
  return Verdict{std::move(seat), at};
}

void SourceGate::leave(const std::string& host) {
  const std::lock_guard lock(mutex_);
  const auto found = hosts_.find(host);
  if (--found->second.sessions == 0 && found->second.next < Clock::now()) hosts_.erase(found);
}

void SourceGate::accepted(std::uint64_t account) {
  if (account == 0) return;
  const std::lock_guard lock(mutex_);
  accounts_[account] = {true, 0, {}, {}};
}

void SourceGate::refused(std::uint64_t account, Clock::time_point now) {
  if (account == 0) return;
  const std::lock_guard lock(mutex_);
  auto& known = accounts_[account];
  if (now < known.blocked_until) return;  // of an attempt that had begun before
  known.known_good = false;
  auto block = std::chrono::duration_cast<Clock::duration>(kRefused);
  for (unsigned i = 0; i < known.refusals && block < kLongestRefused; ++i) block *= 2;
  ++known.refusals;
  known.blocked_until = now + std::min<Clock::duration>(block, kLongestRefused);
}

void SourceGate::forget_refusals() {
  const std::lock_guard lock(mutex_);
  std::erase_if(accounts_, [](const auto& one) { return !one.second.known_good; });
}

}  // namespace camctl::apps

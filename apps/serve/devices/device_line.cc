#include "apps/serve/devices/device_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "apps/device/picture.h"
#include "base/log.h"

namespace camctl::apps::serve {
namespace {

using namespace std::chrono_literals;

// For the last stop, which the program's end must not keep from going out.
constexpr auto kFarewell = 700ms;
constexpr auto kPictureTime = 10s;  // slow cameras take seconds to make one

// The connection, not the camera's answer, has failed.
bool is_connection(const Error& error) {
  return error.code == ErrorCode::kNetwork || error.code == ErrorCode::kTimeout ||
         error.code == ErrorCode::kCancelled;
}

}  // namespace

Result<onvif::Ptz*> DeviceLink::ptz() {
  if (!ptz_) {
    auto opened = onvif::Ptz::open(*session_, device_.profiles);
    if (!opened) return fail(opened.error());
    ptz_ = std::move(*opened);
  }
  return &*ptz_;
}

// What cameras.json knows goes first, as in `camctl snapshot`.
Result<std::string> DeviceLink::fetch_picture(const std::stop_token& stop) {
  onvif::InterrogateOptions how;
  how.total_timeout = kPictureTime;
  auto jpeg = device::known_picture(device_, how, stop);
  if (jpeg || jpeg.error().code == ErrorCode::kAuth || jpeg.error().code == ErrorCode::kCancelled)
    return jpeg;
  return device::asked_picture(device_, *session_, device_.profiles, how, stop);
}

Result<std::shared_ptr<const std::string>> DeviceLink::picture(const std::stop_token& stop) {
  const auto now = std::chrono::steady_clock::now();
  if (picture_ && now - picture_at_ < kFresh) return picture_;
  auto jpeg = fetch_picture(stop);
  if (!jpeg) return fail(jpeg.error());
  picture_ = std::make_shared<const std::string>(std::move(*jpeg));
  picture_at_ = now;
  return picture_;
}

// ---- The queue

void DeviceLine::ask(Call call, Done done) { add({Kind::kCall, std::move(call), {std::move(done)}}); }

void DeviceLine::move(const onvif::PtzVector& velocity, std::chrono::milliseconds time, Done done) {
  add({Kind::kMove,
       [this, velocity, time](DeviceLink& link) { return turn(link, velocity, time); },
       {std::move(done)}});
}

void DeviceLine::stop_moving(Done done) {
  add({Kind::kStop, [this](DeviceLink& link) { return halt(link); }, {std::move(done)}});
}

// With the lock: the moves that still wait, which nobody wants any more.
std::vector<DeviceLine::Job> DeviceLine::take_moves() {
  std::vector<Job> moves;
  std::deque<Job> others;
  for (auto& job : jobs_) {
    if (job.kind == Kind::kMove)
      moves.push_back(std::move(job));
    else
      others.push_back(std::move(job));
  }
  jobs_ = std::move(others);
  return moves;
}

void DeviceLine::add(Job job) {
  std::unique_lock lock(mutex_);
  std::vector<Job> superseded;
  if (job.kind == Kind::kMove || job.kind == Kind::kStop) superseded = take_moves();
  Result<Json> refusal;
  if (ended_) refusal = fail(ErrorCode::kCancelled, "the server ends");
  const bool stops = job.kind == Kind::kStop;
  if (refusal && !stops && job.kind != Kind::kTidy && jobs_.size() >= kMaxWaiting)
    refusal = fail(ErrorCode::kLimit,
                   fmt::format("camera {} has not answered what it was asked before", device_.id),
                   "ask again in some seconds");
  if (!refusal) {
    lock.unlock();
    for (const auto& done : job.done) done(refusal);
  } else if (stops && !jobs_.empty() && jobs_.front().kind == Kind::kStop) {
    for (auto& done : job.done) jobs_.front().done.push_back(std::move(done));  // one is enough
    lock.unlock();
  } else {
    if (stops)
      jobs_.push_front(std::move(job));
    else
      jobs_.push_back(std::move(job));
    start(std::move(lock));
  }
  for (const auto& old : superseded)
    for (const auto& done : old.done) done(fail(ErrorCode::kCancelled, "another move took its place"));
}

void DeviceLine::start(std::unique_lock<std::mutex> lock) {
  if (std::exchange(working_, true)) return;
  lock.unlock();
  pool_.post([self = shared_from_this()] { self->work(); });
}

// One job, so that cameras take turns.
void DeviceLine::work() {
  std::unique_lock lock(mutex_);
  auto job = std::move(jobs_.front());
  jobs_.pop_front();
  lock.unlock();
  if (job.kind == Kind::kTidy) {
    if (Clock::now() - used_at_ >= kKeep) link_.reset();
  } else {
    const auto result = run(job);
    for (const auto& done : job.done) done(result);
  }
  lock.lock();
  if (job.kind == Kind::kTidy) tidy_planned_ = false;
  const bool more = !jobs_.empty();
  working_ = more;
  const bool plan = !more && link_ && !std::exchange(tidy_planned_, true);
  lock.unlock();
  if (more) pool_.post([self = shared_from_this()] { self->work(); });
  if (plan)
    pool_.post([self = shared_from_this()] { self->add({Kind::kTidy, nullptr, {}}); }, Clock::now() + kKeep);
}

void DeviceLine::end() {
  std::unique_lock lock(mutex_);
  ended_ = true;
  auto dropped = std::exchange(jobs_, {});
  if (stop_at_) jobs_.push_back({Kind::kStop, [this](DeviceLink& link) { return halt(link); }, {}});
  const bool last_word = !jobs_.empty();
  stop_.request_stop();
  // A worker that is about to take a job finds one.
  if (working_ && !last_word) jobs_.push_back({Kind::kTidy, nullptr, {}});
  if (last_word)
    start(std::move(lock));
  else
    lock.unlock();
  for (const auto& job : dropped)
    for (const auto& done : job.done) done(fail(ErrorCode::kCancelled, "the server ends"));
}

// ---- A call

Result<DeviceLine::Json> DeviceLine::run(const Job& job) {
  if (auto allowed = refusals_.check(device_, Clock::now()); !allowed) return fail(allowed.error());
  const bool stale = link_ && (Clock::now() - used_at_ >= kKeep || link_->session().over());
  if (stale && !stop_.stop_requested()) link_.reset();
  const bool kept = link_ != nullptr;
  auto result = try_once(job);
  // The camera may have begun anew since.
  if (!result && kept && result.error().code == ErrorCode::kNetwork) {
    link_.reset();
    result = try_once(job);
  }
  used_at_ = Clock::now();
  if (result) return result;
  if (result.error().code == ErrorCode::kAuth) refusals_.add(device_, used_at_);
  if ((result.error().code == ErrorCode::kAuth || is_connection(result.error())) && !stop_.stop_requested())
    link_.reset();
  return result;
}

Result<DeviceLine::Json> DeviceLine::try_once(const Job& job) {
  if (!link_) {
    auto session = device::connect(device_, {}, {}, {.call = kCallTime}, stop_.get_token());
    if (!session) return fail(session.error());
    link_ = std::make_unique<DeviceLink>(device_, std::move(*session));
  }
  return job.call(*link_);
}

// ---- Moves

Result<DeviceLine::Json> DeviceLine::turn(DeviceLink& link, const onvif::PtzVector& velocity,
                                          std::chrono::milliseconds time) {
  const auto ptz = link.ptz();
  if (!ptz) return fail(ptz.error());
  // Before it is sure that the camera moves: a request whose answer is lost may have moved it all the same.
  stop_later(Clock::now() + time, kStopTries);
  const auto moving = (*ptz)->move(velocity);
  if (!moving && !is_connection(moving.error())) {
    const std::lock_guard lock(mutex_);
    stop_at_.reset();
  }
  if (!moving) return fail(moving.error());
  stop_later(Clock::now() + time, kStopTries);
  return Json();
}

Result<DeviceLine::Json> DeviceLine::halt(DeviceLink& link) {
  if (stop_.stop_requested()) link.session().allow_farewell(kFarewell);
  const auto ptz = link.ptz();
  if (!ptz) return fail(ptz.error());
  if (auto stopped = (*ptz)->stop(); !stopped) return fail(stopped.error());
  const std::lock_guard lock(mutex_);
  stop_at_.reset();
  return Json();
}

void DeviceLine::stop_later(Clock::time_point when, int tries_left) {
  {
    const std::lock_guard lock(mutex_);
    stop_at_ = when;
    stop_tries_ = tries_left;
  }
  pool_.post([self = shared_from_this()] { self->stop_when_due(); }, when);
}

// A later move may have put it off, and a stop may have come before.
void DeviceLine::stop_when_due() {
  int tries = 0;
  {
    const std::lock_guard lock(mutex_);
    if (ended_ || !stop_at_ || *stop_at_ > Clock::now()) return;
    tries = stop_tries_ - 1;
  }
  stop_moving([weak = weak_from_this(), tries](const Result<Json>& result) {
    if (const auto self = weak.lock()) self->stopped(result, tries);
  });
}

void DeviceLine::stopped(const Result<Json>& result, int tries_left) {
  if (result) return;
  log::get().warn("camera {} may still be moving: {}", device_.id, result.error().message);
  if (tries_left > 0 && is_connection(result.error()) && !stop_.stop_requested())
    stop_later(Clock::now() + kStopAgain, tries_left);
}

}  // namespace camctl::apps::serve

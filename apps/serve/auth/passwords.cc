#include "apps/serve/auth/passwords.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "apps/common/password_hash.h"
#include "base/log.h"

namespace camctl::apps::serve::auth {

Passwords::~Passwords() { stop(); }

void Passwords::stop() {
  std::vector<std::thread> ending;
  std::unordered_map<Hash, Job, HashOfHash> dropped;  // let go without the lock
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ending.swap(threads_);
    for (const auto& key : waiting_) dropped.insert(jobs_.extract(key));
    waiting_.clear();
    wake_.notify_all();
  }
  for (auto& thread : ending) thread.join();
}

std::optional<Passwords::Answer> Passwords::remembered(const Hash& key, const Users& users,
                                                       const IpAddress& from, Clock::time_point now) {
  const auto found = known_.find(key);
  if (found == known_.end()) return std::nullopt;
  const auto* user = users.find(found->second.name);
  if (now >= found->second.until || found->second.hash != (user != nullptr ? user->hash : "")) {
    known_.erase(found);
    return std::nullopt;
  }
  if (!found->second.right) return Answer{};
  const auto wait = attempts_.wait_of(from, now);
  if (wait > std::chrono::seconds(0)) return Answer{Verdict::kTooOften, std::nullopt, wait};
  return Answer{Verdict::kRight, *user};
}

std::optional<Passwords::Answer> Passwords::check(const UsersPtr& users, const std::string& name,
                                                  const Secret& password, const IpAddress& from,
                                                  Clock::time_point now, Done done) {
  constexpr std::chrono::seconds kSoon{2};
  const Secret all((from.to_string() + ' ' + name + '\0').append(password.reveal()));
  const auto key = hmac_sha256(key_, all.reveal());
  const std::lock_guard lock(mutex_);
  if (auto answer = remembered(key, *users, from, now)) return answer;
  if (const auto same = jobs_.find(key); same != jobs_.end() && same->second.asking.size() < kMaxAsking) {
    same->second.asking.push_back(std::move(done));
    return std::nullopt;
  }
  if (stopping_ || waiting_.size() >= kMaxWaiting || jobs_.contains(key))
    return Answer{Verdict::kBusy, std::nullopt, kSoon};
  const auto wait = attempts_.begin(from, name, now);
  if (wait > std::chrono::seconds(0)) return Answer{Verdict::kTooOften, std::nullopt, wait};
  Job job{users, name, password, from, {}};
  job.asking.push_back(std::move(done));
  jobs_.emplace(key, std::move(job));
  waiting_.push_back(key);
  start_thread();
  wake_.notify_one();
  return std::nullopt;
}

void Passwords::start_thread() {
  if (idle_ >= waiting_.size() || threads_.size() >= kThreads) return;
  threads_.emplace_back([this] { work(); });
  pthread_setname_np(threads_.back().native_handle(), "passwords");
}

void Passwords::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    --idle_;
    if (stopping_) return;
    const auto key = waiting_.front();
    waiting_.pop_front();
    const auto& job = jobs_.at(key);  // stays where it is until finish()
    const auto* user = job.users->find(job.name);
    const auto& hash = user != nullptr ? user->hash : job.users->any_hash();
    lock.unlock();
    const bool right = verify_password(job.password, hash) && user != nullptr;
    finish(key, right);
    lock.lock();
  }
}

void Passwords::finish(const Hash& key, bool right) {
  const auto now = Clock::now();
  std::unique_lock lock(mutex_);
  const auto job = std::move(jobs_.extract(key).mapped());
  const auto* user = job.users->find(job.name);
  Answer answer;
  if (right) {
    answer = {Verdict::kRight, *user};
    attempts_.succeeded(job.from, job.name, now);
  }
  if (known_.size() >= kMostRemembered) known_.clear();  // each is computed once more
  known_[key] = {job.name, user != nullptr ? user->hash : "", right, now + kRemember};
  lock.unlock();
  // The name of a user that there is not may be a password on the wrong line.
  if (!right)
    log::get().warn("log-in from {} refused: {}", job.from.to_string(),
                    user != nullptr ? "wrong password of " + job.name : std::string("no such user"));
  for (const auto& done : job.asking) done(answer);
}

}  // namespace camctl::apps::serve::auth

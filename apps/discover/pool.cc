#include "apps/discover/pool.h"

#include <algorithm>
#include <iterator>

namespace camctl::discover {

Pool::Pool(unsigned jobs, Ask ask, std::function<void(const Answer&)> done)
    : jobs_(jobs), ask_(std::move(ask)), done_(std::move(done)) {}

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    next_ = answers_.size();
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void Pool::add(Request request) {
  const std::lock_guard lock(mutex_);
  answers_.push_back(Answer{std::move(request), {}});
  const std::size_t waiting = answers_.size() - next_;
  if (waiting > idle_ && threads_.size() < jobs_) threads_.emplace_back([this] { work(); });
  changed_.notify_one();
}

void Pool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    changed_.wait(lock, [this] { return closed_ || next_ < answers_.size(); });
    --idle_;
    if (next_ >= answers_.size()) return;  // closed
    Answer& answer = answers_[next_++];
    ++busy_;
    lock.unlock();
    auto device = ask_(answer.request, answer.credentials);
    lock.lock();
    answer.device = std::move(device);
    --busy_;
    done_(answer);
    changed_.notify_all();
  }
}

std::vector<Answer> Pool::finish(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [this] { return busy_ == 0 && next_ == answers_.size(); });
  next_ = answers_.size();  // what has not begun by now never does
  changed_.wait(lock, [this] { return busy_ == 0; });
  std::vector<Answer> answers(std::make_move_iterator(answers_.begin()),
                              std::make_move_iterator(answers_.end()));
  answers_.clear();
  next_ = 0;
  return answers;
}

}  // namespace camctl::discover

#include "apps/events/listen.h"

#include <fmt/format.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "apps/events/record.h"
#include "base/log.h"
#include "libonvif/events.h"

namespace camctl::events {
namespace {

using std::chrono::milliseconds;

class Listener {
 public:
  Listener(const Options& options, const apps::CommonOptions& common)
      : options_(options), common_(common), writer_(common, apps::OutputFormat::kJsonl, columns()) {}

  Result<void> run(const std::vector<device::Device>& devices, const std::stop_token& stop) {
    const std::stop_callback chained(stop, [this] { stop_.request_stop(); });
    {
      std::vector<std::jthread> threads;  // joined at the end of the block
      for (const auto& device : devices)
        threads.emplace_back([this, &device, several = devices.size() > 1] { follow(device, several); });
      std::unique_lock lock(mutex_);
      const auto over = [&] { return failed_ == devices.size(); };
      if (options_.duration.count() > 0)
        changed_.wait_for(lock, stop_.get_token(), options_.duration, over);
      else
        changed_.wait(lock, stop_.get_token(), over);
      lock.unlock();
      stop_.request_stop();
    }
    if (auto printed = writer_.finish(); !printed) return printed;
    if (failed_ < devices.size()) return {};
    if (devices.size() == 1) return fail(*error_);
    return fail(
        error_->code,
        fmt::format("none of {} cameras tells events; the first: {}", devices.size(), error_->message),
        error_->hint);
  }

 private:
  // One camera's thread.
  void follow(const device::Device& device, bool several) {
    onvif::EventOptions how;
    const auto stop = stop_.get_token();
    const auto connect = [&] {
      const milliseconds call = how.pull_timeout + std::chrono::seconds(10);
      return device::connect(device, options_.target, common_, {.call = call}, stop);
    };
    const onvif::EventSink sink{.event = [&](const onvif::Event& event) { print(event, device.id); },
                                .subscribed = [&] { log::get().info("{}: listening", device.id); },
                                .lost =
                                    [&](const Error& error, milliseconds retry) {
                                      log::get().warn("{}: {}; trying again in {} s", device.id,
                                                      error.message, retry.count() / 1000);
                                    }};
    const Error error = onvif::follow_events(connect, how, stop, sink);
    if (error.code == ErrorCode::kCancelled) return;
    if (several) log::get().error("{}: {}", device.id, error.message);
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = error;
    ++failed_;
    changed_.notify_all();
  }

  void print(const onvif::Event& event, const std::string& camera) {
    if (event.topic.find(options_.topic) == std::string::npos) return;
    const std::lock_guard lock(mutex_);
    if (stop_.stop_requested()) return;
    writer_.write(to_json(event, camera, std::chrono::system_clock::now()));
    ++printed_;
    if (writer_.closed() || (options_.count > 0 && printed_ >= options_.count)) stop_.request_stop();
  }

  const Options& options_;
  const apps::CommonOptions& common_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  apps::RecordWriter writer_;  // guarded by mutex_, like all below
  std::size_t printed_ = 0, failed_ = 0;
  std::optional<Error> error_;  // the first
};

}  // namespace

Result<void> listen(const Options& options, const std::vector<device::Device>& devices,
                    apps::Context& context) {
  if (devices.size() > kMaxListened)
    return fail(ErrorCode::kLimit, fmt::format("{} cameras are more than {}", devices.size(), kMaxListened));
  return Listener(options, context.common).run(devices, context.stop);
}

}  // namespace camctl::events

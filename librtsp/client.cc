#include "librtsp/client.h"

#include "librtsp/client_session.h"

namespace camctl::rtsp {
namespace {

class RtspSource final : public media::Source {
 public:
  explicit RtspSource(ClientOptions options) : options_(std::move(options)) {}
  ~RtspSource() override { stop(); }

  void start(EventLoop& loop, media::SourceSink& sink) override {
    session_ = std::make_shared<ClientSession>(loop, options_, sink);
    session_->set_hurry(hurry_);
    session_->start();
  }

  void stop() override {
    if (session_) session_->stop();
    session_.reset();
  }

  void set_hurry(bool hurry) override {
    hurry_ = hurry;
    if (session_) session_->set_hurry(hurry);
  }

 private:
  ClientOptions options_;
  bool hurry_ = false;
  std::shared_ptr<ClientSession> session_;
};

}  // namespace

std::unique_ptr<media::Source> make_source(ClientOptions options) {
  return std::make_unique<RtspSource>(std::move(options));
}

}  // namespace camctl::rtsp

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "libhls/ffmpeg_source.h"
#include "tests/libhls/ffmpeg/collector.h"

namespace camctl {
namespace {

using boost::asio::ip::tcp;

// Answers RTSP requests, one connection after the other, and remembers them. Demands Basic credentials; then
// says "not found", or redirects.
class RtspServer {
 public:
  explicit RtspServer(const char* address)
      : acceptor_(context_, {boost::asio::ip::make_address(address), 0}) {}
  ~RtspServer() {
    if (thread_.joinable()) thread_.join();
  }

  std::string url() const {
    return fmt::format("rtsp://{}:{}/x", acceptor_.local_endpoint().address().to_string(),
                       acceptor_.local_endpoint().port());
  }
  // Serves `connections` and ends.
  void start(std::string location, int connections) {
    thread_ = std::thread([this, location = std::move(location), connections] {
      for (int i = 0; i < connections; ++i) serve(location);
    });
  }
  const std::string& finish() {
    thread_.join();
    return requests_;
  }

 private:
  void serve(const std::string& location) {
    boost::system::error_code error;
    auto socket = acceptor_.accept();
    std::string buffer;
    while (true) {
      const auto size =
          boost::asio::read_until(socket, boost::asio::dynamic_buffer(buffer, 64 << 10), "\r\n\r\n", error);
      if (error) return;
      const auto request = buffer.substr(0, size);
      buffer.erase(0, size);
      requests_ += request;
      const auto at = request.find("CSeq: ");
      const auto sequence = request.substr(at + 6, request.find('\r', at) - at - 6);
      boost::asio::write(socket, boost::asio::buffer(answer(request, sequence, location)), error);
    }
  }

  static std::string answer(const std::string& request, const std::string& sequence,
                            const std::string& location) {
    if (request.starts_with("OPTIONS")) return fmt::format("RTSP/1.0 200 OK\r\nCSeq: {}\r\n\r\n", sequence);
    if (request.find("Authorization:") == std::string::npos)
      return fmt::format(
          "RTSP/1.0 401 Unauthorized\r\nCSeq: {}\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\r\n", sequence);
    if (location.empty()) return fmt::format("RTSP/1.0 404 Not Found\r\nCSeq: {}\r\n\r\n", sequence);
    return fmt::format("RTSP/1.0 302 Moved\r\nCSeq: {}\r\nLocation: {}\r\n\r\n", sequence, location);
  }

  boost::asio::io_context context_;
  tcp::acceptor acceptor_;
  std::thread thread_;
  std::string requests_;
};

Error run_against(const RtspServer& server) {
  hls::FfmpegSourceOptions options;
  options.url = *Url::parse(server.url());
  options.credentials = {"joe", Secret("secret")};
  options.transport = hls::FfmpegSourceOptions::Transport::kTcp;
  tests::Collector collector;
  collector.run(hls::make_ffmpeg_source(options));
  REQUIRE(collector.end);
  REQUIRE_FALSE(collector.end->has_value());
  return collector.end->error();
}

constexpr const char* kJoeSecret = "am9lOnNlY3JldA==";  // joe:secret

TEST_CASE("source: a redirect to another host does not take the credentials along") {
  RtspServer first("127.0.0.1"), second("127.0.0.2");
  second.start("", 2);  // libavformat connects, and is stopped before it says anything
  first.start(second.url(), 1);
  const auto error = run_against(first);
  CHECK(error.code == ErrorCode::kAuth);
  CHECK(first.finish().find(kJoeSecret) != std::string::npos);
  const auto& asked = second.finish();
  CHECK(asked.find("DESCRIBE") != std::string::npos);
  CHECK(asked.find("Authorization") == std::string::npos);
}

TEST_CASE("source: a redirect on the same host keeps them") {
  RtspServer first("127.0.0.1"), second("127.0.0.1");
  second.start("", 2);  // libavformat connects, and is stopped before it says anything
  first.start(second.url(), 1);
  const auto error = run_against(first);
  CHECK(error.code == ErrorCode::kNotFound);
  first.finish();
  CHECK(second.finish().find(kJoeSecret) != std::string::npos);
}

TEST_CASE("source: a redirect out of RTSP is refused") {
  RtspServer first("127.0.0.1");
  first.start("http://127.0.0.1:1/x", 1);
  CHECK(run_against(first).code == ErrorCode::kProtocol);
}

}  // namespace
}  // namespace camctl

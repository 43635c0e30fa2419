// What a reader of a virtual camera costs: CPU of the server per reader and second, and how late frames come.
//
//   rtsp_readers [READERS SECONDS CAMERAS]     (without arguments, three sizes of 10 s each)
//
// The server runs in this process, the readers in a child that does nothing but read. Each size is measured
// with readers that wait in epoll_wait, so that each send wakes them (on another core by an interrupt, which
// in a virtual machine leaves the machine), and with readers that look every 20 ms, as camctl's own client
// does for a camera that nobody watches. Beside each stands what a bare loop costs that sleeps until the next
// frame and calls sendmsg with the same bytes in the same pieces: below that no server can be on this machine
// in this minute.
//
// A frame's lateness is its arrival against its RTP timestamp, counted from the stream's most punctual frame;
// the group of pictures that a reader starts with is left out. Readers that look see it in steps of 20 ms.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "apps/simulate/clip.h"
#include "apps/simulate/virtual_media.h"
#include "base/event_loop.h"
#include "base/os/descriptors.h"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

enum class Reading { kWaits, kLooks };

struct Settings {
  int readers = 100, seconds = 10, cameras = 1;
  Reading reading = Reading::kWaits;
};

constexpr auto kLook = 20ms;          // of readers that look: rtsp::MediaPoller::kTick
constexpr auto kFrameTime = 40ms;     // of the clip
constexpr std::size_t kPiece = 1400;  // rtsp::kMaxPayload

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const auto address = loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::exit(3);
  return fd;
}

// One session over TCP, from a blocking handshake on.
class Reader {
 public:
  explicit Reader(std::uint16_t port) : fd_(connect_to(port)) {
    const auto url = fmt::format("rtsp://127.0.0.1:{}/live/channel0", port);
    ask(fmt::format(
        "SETUP {}/track0 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n",
        url));
    ask(fmt::format(
        "SETUP {}/track1 RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;unicast;interleaved=2-3\r\n\r\n",
        url));
    send(fmt::format("PLAY {} RTSP/1.0\r\nCSeq: 3\r\n\r\n", url));
    started_ = Clock::now();
  }

  int fd() const { return fd_; }

  void read() {
    thread_local std::array<char, 256 << 10> buffer;
    const auto size = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size <= 0) return;
    bytes += static_cast<std::uint64_t>(size);
    inbox_.append(buffer.data(), static_cast<std::size_t>(size));
    std::size_t at = 0;
    while (const auto step = take(at)) at += step;
    inbox_.erase(0, at);
  }

  std::uint64_t bytes = 0;
  std::vector<double> lateness;  // milliseconds, relative

 private:
  void send(const std::string& text) {
    if (::send(fd_, text.data(), text.size(), 0) < 0) std::exit(3);
  }
  void ask(const std::string& text) {
    send(text);
    std::string reply;
    char c;
    while (!reply.ends_with("\r\n\r\n") && ::recv(fd_, &c, 1, 0) == 1) reply += c;
    if (!reply.starts_with("RTSP/1.0 200")) std::exit(4);
  }

  // The size of what stands at `at`; 0 if it is not complete.
  std::size_t take(std::size_t at) {
    const auto left = inbox_.size() - at;
    if (left < 16) return 0;
    const auto* p = reinterpret_cast<const unsigned char*>(inbox_.data() + at);
    if (*p != '$') {  // the reply to PLAY
      const auto end = inbox_.find("\r\n\r\n", at);
      return end == std::string::npos ? 0 : end + 4 - at;
    }
    const std::size_t size = 4 + (std::size_t{p[2]} << 8 | p[3]);
    if (left < size) return 0;
    if (p[1] == 0 && (p[5] & 0x80) != 0) frame(std::uint32_t{p[8]} << 24 | p[9] << 16 | p[10] << 8 | p[11]);
    return size;
  }

  void frame(std::uint32_t timestamp) {
    const auto now = Clock::now();
    if (!first_timestamp_set_) first_timestamp_ = timestamp;
    first_timestamp_set_ = true;
    if (now - started_ < 3s) return;
    const double media = double(timestamp - first_timestamp_) / 90.0;
    lateness.push_back(std::chrono::duration<double, std::milli>(now - started_).count() - media);
  }

  int fd_;
  std::string inbox_;
  Clock::time_point started_;
  bool first_timestamp_set_ = false;
  std::uint32_t first_timestamp_ = 0;
};

// Calls `read` with the index of each socket that has something, for the time of `settings`.
template <class Read>
void read_for(const Settings& settings, const std::vector<int>& sockets, Read read) {
  const int set = ::epoll_create1(0);
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    ::epoll_ctl(set, EPOLL_CTL_ADD, sockets[i], &event);
  }
  std::array<epoll_event, 512> events;
  const bool looks = settings.reading == Reading::kLooks;
  const auto end = Clock::now() + std::chrono::seconds(settings.seconds);
  for (auto next = Clock::now(); Clock::now() < end;) {
    if (looks) std::this_thread::sleep_until(next += kLook);
    const int count = ::epoll_wait(set, events.data(), static_cast<int>(events.size()), looks ? 0 : 100);
    for (int i = 0; i < count; ++i) read(events[static_cast<std::size_t>(i)].data.u64);
  }
}

int read_all(const Settings& settings, const std::vector<std::uint16_t>& ports) {
  std::vector<Reader> readers;
  std::vector<int> sockets;
  for (int i = 0; i < settings.readers; ++i) {
    readers.emplace_back(ports[static_cast<std::size_t>(i) % ports.size()]);
    sockets.push_back(readers.back().fd());
  }
  read_for(settings, sockets, [&](std::size_t i) { readers[i].read(); });
  std::vector<double> late;
  std::uint64_t bytes = 0;
  for (auto& reader : readers) {
    bytes += reader.bytes;
    if (reader.lateness.empty()) continue;
    const double best = std::ranges::min(reader.lateness);
    for (const double value : reader.lateness) late.push_back(value - best);
  }
  std::ranges::sort(late);
  if (late.empty()) return 5;
  const auto over = std::ranges::count_if(late, [](double value) { return value > 40; });
  fmt::print(
      "  frames {}  late ms: median {:.1f}  p99 {:.1f}  worst {:.1f}  over 40 ms: {}; {:.2f} Mbps each\n",
      late.size(), late[late.size() / 2], late[late.size() * 99 / 100], late.back(), over,
      double(bytes) * 8e-6 / settings.readers / settings.seconds);
  return 0;
}

// What each frame time sends: the clip's units, cut into pieces behind headers of 16 bytes.
std::vector<std::vector<iovec>> pieces_of(const camctl::simulate::Clip& clip) {
  static std::array<char, 16> header{};
  std::vector<std::vector<iovec>> ticks(static_cast<std::size_t>(clip.duration / kFrameTime));
  for (const auto& unit : clip.units) {
    auto& pieces = ticks[std::min(static_cast<std::size_t>(unit.due / kFrameTime), ticks.size() - 1)];
    for (std::size_t at = 0; at < unit.data.size(); at += kPiece) {
      pieces.push_back({header.data(), header.size()});
      pieces.push_back(
          {const_cast<std::uint8_t*>(unit.data.data()) + at, std::min(kPiece, unit.data.size() - at)});
    }
  }
  return ticks;
}

// The least that sending can cost: CPU seconds per second of a loop that sleeps and calls sendmsg.
double bare_loop(const Settings& settings, const camctl::simulate::Clip& clip) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener, settings.readers) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    std::exit(3);
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<int> sockets;
    for (int i = 0; i < settings.readers; ++i) sockets.push_back(connect_to(ntohs(address.sin_port)));
    static std::array<char, 256 << 10> buffer;
    read_for(settings, sockets,
             [&](std::size_t i) { (void)::recv(sockets[i], buffer.data(), buffer.size(), MSG_DONTWAIT); });
    ::_exit(0);
  }
  std::vector<int> sockets;
  for (int i = 0; i < settings.readers; ++i) sockets.push_back(::accept(listener, nullptr, nullptr));
  const auto ticks = pieces_of(clip);
  const double before = cpu_seconds();
  const auto began = Clock::now();
  auto next = began;
  for (std::size_t tick = 0; ::waitpid(child, nullptr, WNOHANG) == 0; ++tick) {
    std::this_thread::sleep_until(next += kFrameTime);
    const auto& pieces = ticks[tick % ticks.size()];
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    for (const int one : sockets) (void)::sendmsg(one, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  const double wall = std::chrono::duration<double>(Clock::now() - began).count();
  const double cpu = cpu_seconds() - before;
  for (const int one : sockets) ::close(one);
  ::close(listener);
  return cpu / wall;
}

// Runs the cameras on this thread until the child that reads them ends.
int measure(const Settings& settings, const camctl::simulate::ClipPtr& clip) {
  using namespace camctl;
  EventLoop loop;
  simulate::MediaPacer pacer(loop);
  std::vector<std::unique_ptr<simulate::VirtualMedia>> cameras;
  std::vector<std::uint16_t> ports;
  for (int i = 0; i < settings.cameras; ++i) {
    simulate::VirtualMediaOptions options;
    options.rtsp.port = 0;
    options.paths = {"/live/channel0"};
    options.clips = {clip};
    auto camera = simulate::VirtualMedia::start(loop, pacer, std::move(options));
    if (!camera) return fmt::print("{}\n", camera.error().message), 1;
    ports.push_back((*camera)->port());
    cameras.push_back(std::move(*camera));
  }
  fmt::print("{} readers of {} cameras, {} s, readers {}\n", settings.readers, settings.cameras,
             settings.seconds, settings.reading == Reading::kWaits ? "wait in epoll" : "look every 20 ms");
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    const int code = read_all(settings, ports);
    std::fflush(stdout);
    ::_exit(code);
  }
  const double before = cpu_seconds();
  const auto began = Clock::now();
  int status = 0;
  Timer poll(loop);
  std::function<void()> watch = [&] {
    if (::waitpid(child, &status, WNOHANG) == 0) return poll.after(500ms, watch);
    loop.stop();
  };
  poll.after(500ms, watch);
  loop.run();
  const double wall = std::chrono::duration<double>(Clock::now() - began).count();
  const double cpu = (cpu_seconds() - before) / wall;
  cameras.clear();
  const double bare = bare_loop(settings, *clip);
  fmt::print("  server {:.3f} ms of CPU per reader and second, bare loop {:.3f}: {:.2f} times\n",
             cpu * 1000 / settings.readers, bare * 1000 / settings.readers, cpu / bare);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace camctl;
  os::raise_descriptor_limit();
  simulate::ClipLibrary library;
  const auto clip = library.picture({.name = "bench"});
  if (!clip) return fmt::print("{}\n", clip.error().message), 1;
  std::vector<Settings> sizes = {{4, 10, 4}, {100, 10, 100}, {400, 15, 1}};
  if (argc == 4) sizes = {{std::atoi(argv[1]), std::atoi(argv[2]), std::atoi(argv[3])}};
  int worst = 0;
  for (auto size : sizes) {
    for (const auto reading : {Reading::kWaits, Reading::kLooks}) {
      size.reading = reading;
      worst = std::max(worst, measure(size, *clip));
    }
  }
  return worst;
}

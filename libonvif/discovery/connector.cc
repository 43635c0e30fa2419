#include "libonvif/discovery/connector.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/os/interfaces.h"
#include "libonvif/discovery/record.h"
#include "libonvif/discovery/socket_address.h"

namespace camctl::onvif::discovery {
namespace {

constexpr std::string_view kRtspStart = "RTSP/";

bool out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
         error == EADDRNOTAVAIL || error == EAGAIN;
}

os::Fd open_socket(int family) {
  os::Fd fd(socket(family, SOCK_STREAM, 0));
  if (!fd) return fd;
  fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
  fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  return fd;
}

}  // namespace

Connector::Connector(os::Poller& poller, std::chrono::milliseconds connect_timeout, std::uint64_t first_tag,
                     std::string interface)
    : poller_(poller),
      connect_timeout_(connect_timeout),
      next_tag_(first_tag),
      interface_(std::move(interface)) {}

bool Connector::start(Task task) {
  const SocketAddress to = socket_address(task.address, task.port, task.interface_index);
  os::Fd fd = open_socket(to.storage.ss_family);
  if (!fd) return !out_of_resources(errno) ? (task.done({}), true) : false;
  if (!interface_.empty() && !os::bind_to_interface(fd.get(), interface_)) {
    task.done({});
    return true;
  }
  if (connect(fd.get(), to.get(), to.size) != 0 && errno != EINPROGRESS) {
    if (out_of_resources(errno)) return false;
    task.done({});
    return true;
  }
  const std::uint64_t tag = next_tag_++;
  if (!poller_.add(fd.get(), false, true, tag)) return false;
  const auto deadline = deadlines_.emplace(Clock::now() + connect_timeout_, tag);
  connections_.emplace(tag, Connection{std::move(task), std::move(fd), false, {}, deadline});
  return true;
}

void Connector::on_event(const os::Poller::Event& event) {
  const auto found = connections_.find(event.tag);
  if (found == connections_.end()) return;
  if (found->second.connected)
    read_answer(event.tag, found->second);
  else
    connected(event.tag, found->second);
}

void Connector::connected(std::uint64_t tag, Connection& connection) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(connection.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
    return finish(tag, {});
  if (!connection.task.ask_rtsp) return finish(tag, {.open = true, .rtsp = false});
  std::string url = service_url(connection.task.address.to_string(), connection.task.port, false, "/");
  url.replace(0, url.find(':'), "rtsp");
  const std::string request =
      fmt::format("OPTIONS {} RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: camctl/{}\r\n\r\n", url, CAMCTL_VERSION);
  const ssize_t sent = send(connection.fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request.size()) || !poller_.change(connection.fd.get(), true, false, tag))
    return finish(tag, {.open = true, .rtsp = false});
  connection.connected = true;
  deadlines_.erase(connection.deadline);
  connection.deadline = deadlines_.emplace(Clock::now() + kAnswerTimeout, tag);
}

void Connector::read_answer(std::uint64_t tag, Connection& connection) {
  std::array<char, 512> buffer;
  const ssize_t count = recv(connection.fd.get(), buffer.data(), buffer.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count > 0) connection.received.append(buffer.data(), static_cast<std::size_t>(count));
  // Its first five bytes tell; a peer that sends them one by one is waited for until the deadline.
  if (count > 0 && connection.received.size() < kRtspStart.size()) return;
  finish(tag, {.open = true, .rtsp = connection.received.starts_with(kRtspStart)});
}

void Connector::expire(Clock::time_point now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const std::uint64_t tag = deadlines_.begin()->second;
    finish(tag, {.open = connections_.at(tag).connected, .rtsp = false});
  }
}

void Connector::finish(std::uint64_t tag, PortOutcome outcome) {
  const auto found = connections_.find(tag);
  const Done done = std::move(found->second.task.done);
  poller_.remove(found->second.fd.get());
  deadlines_.erase(found->second.deadline);
  connections_.erase(found);
  done(outcome);
}

}  // namespace camctl::onvif::discovery

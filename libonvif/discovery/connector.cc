#include "libonvif/discovery/connector.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/os/interfaces.h"
#include "base/text.h"
#include "libonvif/discovery/record.h"
#include "libonvif/discovery/socket_address.h"
#include "libonvif/lenient.h"

namespace camctl::onvif::discovery {
namespace {

constexpr std::string_view kRtspStart = "RTSP/";

bool out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
         error == EADDRNOTAVAIL || error == EAGAIN;
}

os::Fd open_socket(int family) {
  os::Fd fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return fd;
}

// Ends with a reset instead of a FIN: nothing was said, and a sweep leaves no ports in TIME_WAIT behind.
void close_hard(int fd) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

// The Server header of an RTSP reply (RFC 2326 §12.36).
std::string server_of(std::string_view reply) {
  for (const std::string_view line : text::split(reply, "\r\n")) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && text::iequals(text::trim(line.substr(0, colon)), "server"))
      return clean_text(line.substr(colon + 1));
  }
  return {};
}

}  // namespace

Connector::Connector(os::Poller& poller, std::uint64_t first_tag, std::string interface)
    : poller_(poller), next_tag_(first_tag), interface_(std::move(interface)) {}

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
    PortOutcome outcome;
    outcome.heard = errno == ECONNREFUSED;
    task.done(outcome);
    return true;
  }
  const std::uint64_t tag = next_tag_++;
  if (!poller_.add(fd.get(), false, true, tag)) return false;
  const auto now = Clock::now();
  const auto deadline = deadlines_.emplace(now + task.connect_timeout, tag);
  connections_.emplace(tag, Connection{.task = std::move(task),
                                       .fd = std::move(fd),
                                       .connected = false,
                                       .started = now,
                                       .round_trip = {},
                                       .received = {},
                                       .deadline = deadline});
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
  getsockopt(connection.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  connection.round_trip = Clock::now() - connection.started;
  if (error == ECONNREFUSED) {
    PortOutcome refused;
    refused.heard = true;
    refused.round_trip = connection.round_trip;
    return finish(tag, refused);
  }
  if (error != 0) return finish(tag, {});
  connection.connected = true;
  if (!connection.task.ask_rtsp) return finish_open(tag, connection);
  std::string url = service_url(connection.task.address.to_string(), connection.task.port, false, "/");
  url.replace(0, url.find(':'), "rtsp");
  const std::string request =
      fmt::format("OPTIONS {} RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: camctl/{}\r\n\r\n", url, CAMCTL_VERSION);
  const ssize_t sent = send(connection.fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request.size()) || !poller_.change(connection.fd.get(), true, false, tag))
    return finish_open(tag, connection);
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
  finish_open(tag, connection);
}

void Connector::finish_open(std::uint64_t tag, const Connection& connection) {
  PortOutcome outcome;
  outcome.open = outcome.heard = true;
  outcome.rtsp = connection.received.starts_with(kRtspStart);
  if (outcome.rtsp) outcome.server = server_of(connection.received);
  outcome.round_trip = connection.round_trip;
  finish(tag, std::move(outcome));
}

Connector::Clock::time_point Connector::next_deadline() const {
  return deadlines_.empty() ? Clock::time_point::max() : deadlines_.begin()->first;
}

void Connector::expire(Clock::time_point now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const std::uint64_t tag = deadlines_.begin()->second;
    const Connection& connection = connections_.at(tag);
    connection.connected ? finish_open(tag, connection) : finish(tag, {});
  }
}

void Connector::finish(std::uint64_t tag, PortOutcome outcome) {
  const auto found = connections_.find(tag);
  const Done done = std::move(found->second.task.done);
  poller_.remove(found->second.fd.get());
  if (found->second.connected) close_hard(found->second.fd.get());
  deadlines_.erase(found->second.deadline);
  connections_.erase(found);
  done(outcome);
}

}  // namespace camctl::onvif::discovery

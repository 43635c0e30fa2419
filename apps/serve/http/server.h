// Listens, spreads connections over the event loops, and keeps their number and their deadlines.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/serve/http/access_log.h"
#include "apps/serve/http/gatekeeper.h"
#include "apps/serve/http/guard.h"
#include "apps/serve/http/http_counters.h"
#include "apps/serve/http/router.h"
#include "base/event_loop.h"
#include "base/result.h"

namespace camctl::apps::serve {

struct HttpOptions;

// "127.0.0.1:8080", "[::1]:8080" or "localhost:8080"; port 0 lets the system choose.
struct ListenAddress {
  IpAddress address;
  std::uint16_t port = 0;
  static Result<ListenAddress> parse(std::string_view text);  // kUsage
  std::string to_string() const;
};

class Server {
 public:
  // Starts `threads` event loops, each on a thread of its own.
  Server(unsigned threads, std::size_t max_connections, std::unique_ptr<AccessLog> log);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and listens, but accepts nothing yet. kIo, naming the address and whether it is in use. All calls
  // on the thread of `control`, or before it runs.
  Result<void> listen(EventLoop& control, const ListenAddress& address);
  // Where it listens, with the port that the system chose.
  ListenAddress address() const;
  // Begins to accept, and answers by `router` whom `gate` admits. Once.
  void start(Router router, GatekeeperPtr gate);

  // Replaces what connections go by from their next request on.
  void set_options(const HttpOptions& options);
  Result<void> reopen_log();

  // Accepts no more and closes what is idle; what is being answered gets up to `grace`. Blocks. The loops go
  // on.
  void stop(std::chrono::milliseconds grace);

  // What was counted until now. Thread-safe.
  HttpTotals totals() const;

  // Where connections live; the index is Exchange::loop_index().
  std::vector<EventLoop*> loops() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace camctl::apps::serve

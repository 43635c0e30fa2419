// Requests and responses as handlers see them, whatever the protocol version that carried them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/serve/http/principal.h"
#include "base/cidr.h"
#include "base/result.h"
#include "libhls/body.h"

namespace camctl::apps::serve {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };
Method method_from(std::string_view text);  // kOther: a method that no route has
std::string_view name(Method method);

// What a route's `{…}` matched.
struct Params {
  std::vector<std::pair<std::string_view, std::string>> texts;      // names point into the route table
  std::vector<std::pair<std::string_view, std::uint64_t>> numbers;  // of `{#…}`

  const std::string& text(std::string_view name) const;  // asserts that the route has it
  std::uint64_t number(std::string_view name) const;
};

struct Request {
  Method method = Method::kOther;
  std::string method_text;            // as sent
  std::string target;                 // as sent: for the access log
  std::vector<std::string> segments;  // of the path, percent-decoded; "/" is one empty segment
  std::string query;                  // behind the "?", as sent
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case, in order
  std::string body;
  IpAddress client;
  bool http_1_0 = false;
  bool tls = false;        // came inside TLS
  bool websocket = false;  // asks for an upgrade to WebSocket
  std::string link;        // the token of a signed address, which was in front of the path
  Params params;           // set by the router
  PrincipalPtr who;        // set by the gatekeeper; null on public routes where users have to log in

  std::string_view header(std::string_view lower_name) const;  // the first one; empty if there is none
  std::size_t header_count(std::string_view lower_name) const;
  // Whether whoever asks may see this camera at all. For routes of Access::kFiltered (router.h): of others'
  // {id} the gatekeeper has made sure.
  bool may_see(std::string_view camera_id) const { return who && who->may_see(camera_id); }
};
using RequestPtr = std::shared_ptr<const Request>;

struct Response {
  int status = 200;
  std::string content_type;                                  // empty: none
  std::vector<std::pair<std::string, std::string>> headers;  // further ones
  std::string etag;                                          // with its quotes; empty: none
  std::string cache_control = "no-store";
  hls::BodyPtr body;     // null: empty
  bool ranges = false;   // Range is honoured (RFC 9110 §14)
  bool endless = false;  // the body ends with the connection; see Exchange::open_stream
};

// The reason phrase of the status codes that we send.
std::string_view reason_phrase(int status);

// A body that owns its text.
hls::BodyPtr make_body(std::string text);

Response text_response(int status, std::string content_type, std::string text);

// `{"error":{"code","message","hint"}}` (interface.md). The second form takes code and status from the table
// in base/result.
Response error_response(int status, std::string_view code, std::string_view message,
                        std::string_view hint = {});
Response error_response(const Error& error);

// A strong entity tag made from the content (FNV-1a, 64 bits): equal content, equal tag.
std::string content_etag(std::string_view content);

class WebSocketPeer;

// What a route puts behind an answer without end. All calls on the connection's loop.
class StreamPeer {
 public:
  virtual ~StreamPeer() = default;
  // The answer's head is sent. `wake` makes next() be asked again; it may be called on that loop only, at any
  // time, also when the connection is gone.
  virtual void on_open(std::function<void()> wake) = 0;
  // Bytes to send next; empty: nothing now. Asked only while the client takes what it is sent, so that what
  // is not sent yet stays with the peer, which may drop it.
  virtual std::string next() = 0;
  // What shows that the connection lives, sent after a while without anything else.
  virtual std::string beat() = 0;
  // The connection has ended; the last call.
  virtual void on_end() = 0;
};

// One request being answered. Made by the connection that read it; the answer may come later and from any
// thread.
class Exchange {
 public:
  virtual ~Exchange() = default;
  // Sends the answer. Only the first call counts, and none once the client is gone. Thread-safe.
  virtual void send(Response response) = 0;
  // True once it is answered or nobody waits for the answer any more. Thread-safe.
  virtual bool done() const = 0;
  // Sends what `fallback` returns if there is no answer after about `time`. On the loop's thread only.
  virtual void hold(std::chrono::milliseconds time, std::function<Response()> fallback) = 0;
  // Answers by opening a WebSocket whose Sec-WebSocket-Accept is `accept` (see websocket_frames.h). On the
  // loop's thread only. What can't carry one answers 501.
  virtual void open_websocket(std::string accept, std::shared_ptr<WebSocketPeer> peer);
  // Sends the answer's head and then what `peer` has, until the client goes. On the loop's thread only. What
  // can't carry one answers 501; HEAD gets the head alone.
  virtual void open_stream(Response head, std::shared_ptr<StreamPeer> peer);
  // Which event loop the connection is on: 0 … loops - 1.
  virtual unsigned loop_index() const = 0;
};
using ExchangePtr = std::shared_ptr<Exchange>;

}  // namespace camctl::apps::serve

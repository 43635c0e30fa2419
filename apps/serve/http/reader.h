// Reads one HTTP/1.1 request after the other from bytes (RFC 9112). Beast's parser does the work.
#pragma once

#include <memory>
#include <string>

#include "apps/serve/http/message.h"

namespace camctl::apps::serve {

inline constexpr std::size_t kMaxHeaderBytes = 16u << 10;  // browsers send 1 to 4 KiB
inline constexpr std::size_t kMaxBodyBytes = 64u << 10;    // a camera's description is a few hundred bytes

class RequestReader {
 public:
  RequestReader();
  ~RequestReader();

  enum class Status : std::uint8_t {
    kMore,    // incomplete
    kDone,    // take() has it
    kFailed,  // error() says how to answer; nothing more can be read from this connection
  };
  // Takes what it can use off the front of `input`.
  Status feed(std::string& input);

  // True once after the header of a request that waits for "100 Continue" has come.
  bool wants_continue();

  // After kDone. The reader is then ready for the next request.
  std::shared_ptr<Request> take();
  bool keep_alive() const { return keep_alive_; }  // of the request last taken

  const Response& error() const { return error_; }

 private:
  struct Parser;  // exists while a request is being read, so that idle connections cost little
  Status finish();
  Status reject(Response response);

  std::unique_ptr<Parser> parser_;
  std::shared_ptr<Request> request_;
  Response error_;
  bool keep_alive_ = false;
};

}  // namespace camctl::apps::serve

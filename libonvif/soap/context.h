// gSOAP, used in memory only: it reads and writes XML, and never opens a socket.
// Everything that includes this file, or a generated header, stays inside libonvif.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct soap;

namespace camctl::onvif {

// What a generated (de)serialiser works on. What it has read lives until clear() or the end of the context:
// copy it into own structs at once. One context serves one thread at a time; making one costs 3 us.
class SoapContext {
 public:
  SoapContext();
  ~SoapContext();
  SoapContext(const SoapContext&) = delete;
  SoapContext& operator=(const SoapContext&) = delete;

  struct soap* get() const { return soap_.get(); }

  // Frees what was read and makes the context as new.
  void clear();
  // Reads from `text`, which must outlive the reading.
  void read_from(std::string_view text);
  // Writes into a string of the context; take() returns it and stops the writing.
  void write_to_memory();
  std::string take();

  // gSOAP's last error in words, without any value of the message.
  std::string error_text() const;

  // Deeper than any reply (GetProfiles: 9); an attacker's nesting ends here.
  static constexpr unsigned kMaxDepth = 64;

 private:
  struct Free {
    void operator()(struct soap* s) const;
  };
  struct Streams;
  std::unique_ptr<Streams> streams_;
  std::unique_ptr<struct soap, Free> soap_;
};

// The Body's first element as `tds:GetServices`, with the prefix of the project's namespace table whatever
// the sender's was; empty where its namespace is unknown. Valid after open_envelope().
std::string body_element(const SoapContext& context);

// Reads Envelope (SOAP 1.1 or 1.2) and Header up to the Body's first element. False on anything else; the
// reason is in error_text().
bool open_envelope(SoapContext& context, std::string_view text);

}  // namespace camctl::onvif

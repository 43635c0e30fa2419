#include "libonvif/soap/context.h"

#include <soapH.h>

#include <DeviceBinding.nsmap>
#include <istream>
#include <ostream>
#include <sstream>
#include <streambuf>

namespace camctl::onvif {
namespace {

// An istream over bytes that are already there.
class View : public std::streambuf {
 public:
  void reset(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // streambuf's interface; never written to
    setg(begin, begin, begin + text.size());
  }
};

// A Header of the device's marked mustUnderstand is skipped like any other (quirk 38).
int accept_unknown_header(struct soap*, const char*) { return SOAP_OK; }

// UTF-8 in std::string; ids and hrefs are plain attributes; no HTTP around the XML.
constexpr soap_mode kMode = SOAP_C_UTFSTRING | SOAP_XML_TREE | SOAP_ENC_PLAIN;

void set_up(struct soap* s) {
  s->fignore = accept_unknown_header;
  s->maxlevel = SoapContext::kMaxDepth;
}

}  // namespace

struct SoapContext::Streams {
  View view;
  std::istream in{&view};
  std::ostringstream out;
};

void SoapContext::Free::operator()(struct soap* s) const {
  soap_destroy(s);
  soap_end(s);
  soap_free(s);
}

SoapContext::SoapContext()
    : streams_(std::make_unique<Streams>()), soap_(soap_new2(kMode, kMode | SOAP_XML_CANONICAL)) {
  set_up(soap_.get());
}

SoapContext::~SoapContext() = default;

void SoapContext::clear() {
  soap_destroy(get());
  soap_end(get());
  get()->header = nullptr;
  get()->fault = nullptr;
  get()->error = SOAP_OK;
  set_up(get());
}

void SoapContext::read_from(std::string_view text) {
  streams_->view.reset(text);
  streams_->in.clear();
  get()->is = &streams_->in;
}

void SoapContext::write_to_memory() {
  streams_->out.str({});
  streams_->out.clear();
  get()->os = &streams_->out;
}

std::string SoapContext::take() {
  get()->os = nullptr;
  return std::move(streams_->out).str();
}

std::string SoapContext::error_text() const {
  switch (get()->error) {
    case SOAP_OK:
      return {};
    case SOAP_EOF:
      return "the XML breaks off";
    case SOAP_TAG_MISMATCH:
    case SOAP_NO_TAG:
    case SOAP_NO_DATA:
      return "not the expected element";
    case SOAP_SYNTAX_ERROR:
      return "not well-formed XML";
    case SOAP_NAMESPACE:
      return "an undeclared namespace prefix";
    case SOAP_LEVEL:
      return "elements nested too deeply";
    case SOAP_VERSIONMISMATCH:
      return "not a SOAP envelope";
    default:
      return "SOAP error " + std::to_string(get()->error);
  }
}

bool open_envelope(SoapContext& context, std::string_view text) {
  context.clear();
  context.read_from(text);
  struct soap* s = context.get();
  if (soap_begin_recv(s) || soap_envelope_begin_in(s)) return false;
  if (s->version == 0) {  // gSOAP lets other XML through, for REST
    s->error = SOAP_VERSIONMISMATCH;
    return false;
  }
  if (soap_recv_header(s) || soap_body_begin_in(s)) return false;
  s->encodingStyle = nullptr;  // otherwise errors inside of lists are swallowed
  return soap_peek_element(s) == SOAP_OK;
}

std::string body_element(const SoapContext& context) {
  const struct soap* s = context.get();
  const std::string_view tag = s->tag;
  const auto colon = tag.find(':');
  const std::string_view prefix = colon == tag.npos ? "" : tag.substr(0, colon);
  for (const soap_nlist* n = s->nlist; n; n = n->next) {  // innermost declaration first
    if (n->id != prefix) continue;
    if (n->index < 0) return {};
    return std::string(s->local_namespaces[n->index].id) + ':' +
           std::string(tag.substr(colon == tag.npos ? 0 : colon + 1));
  }
  return {};
}

}  // namespace camctl::onvif

// WS-Security UsernameToken (OASIS WSS 1.0) for soapcpp2: what a virtual device reads from a request's header.
// gSOAP's own wsse.h would double the generated code. Not a C++ header.
//gsoap wsse schema namespace: http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd
//gsoap wsse schema elementForm: qualified
//gsoap wsse schema attributeForm: unqualified
//gsoap wsu schema namespace: http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd
//gsoap wsu schema elementForm: qualified
//gsoap wsu schema attributeForm: unqualified

class wsse__PasswordText {
 public:
  std::string __item;
  @std::optional<std::string> Type;
};

class wsse__EncodedText {
 public:
  std::string __item;
  @std::optional<std::string> EncodingType;
};

class wsse__UsernameTokenType {
 public:
  std::optional<std::string> Username;
  wsse__PasswordText* Password;
  wsse__EncodedText* Nonce;
  std::optional<std::string> wsu__Created;
};

class wsse__SecurityType {
 public:
  wsse__UsernameTokenType* UsernameToken;
};

struct SOAP_ENV__Header {
  wsse__SecurityType* wsse__Security;
};

// Fault subcodes (ter:NotAuthorized) need their prefix in the namespace table; only a use puts it there.
//gsoap ter schema import: http://www.onvif.org/ver10/error
struct ter__Marker {
  char* __item;
};

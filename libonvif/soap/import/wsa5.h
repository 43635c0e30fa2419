// WS-Addressing 1.0 for soapcpp2: what an event subscription needs of it. wsdl2h imports a file of this name
// whatever the WSDL says; gSOAP's own is twenty times as long. Not a C++ header.
//gsoap wsa5 schema namespace: http://www.w3.org/2005/08/addressing
//gsoap wsa5 schema elementForm: qualified
//gsoap wsa5 schema attributeForm: unqualified

// A virtual device's way to find a subscription by its reference parameter (quirk 87).
//gsoap sim schema namespace: urn:camctl:simulate
//gsoap sim schema elementForm: qualified

class wsa5__ReferenceParametersType {
 public:
  std::optional<std::string> sim__SubscriptionId;
};

class wsa5__EndpointReferenceType {
 public:
  std::optional<std::string> Address;
  wsa5__ReferenceParametersType* ReferenceParameters;
};

struct SOAP_ENV__Header {
  std::optional<std::string> wsa5__Action;
  std::optional<std::string> wsa5__MessageID;
  std::optional<std::string> wsa5__RelatesTo;
  std::optional<std::string> sim__SubscriptionId;
};

// What a reply shows of its device before anybody has read what it says.
#pragma once

#include "libonvif/http.h"
#include "libonvif/messages.h"

namespace camctl::onvif {

// The quirks of the reply's form: 26 to 28, 33, 37, 38 and 40. They cost nothing where they are: faults are
// looked for whatever the status and type are, and what surrounds the envelope is cut off (soap/repair.h).
Quirks form_quirks(const HttpReply& reply);

}  // namespace camctl::onvif

// How many files and sockets this process may have.
#pragma once

namespace camctl::os {

// Raises the process's limit of open descriptors to what the system allows it (Linux: often 1024 of 20,000 or
// more). Harmless where that fails.
void raise_descriptor_limit();

}  // namespace camctl::os

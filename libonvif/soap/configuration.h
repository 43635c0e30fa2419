// A device's configuration as it wrote it, to be edited and sent back whole.
#pragma once

#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "libonvif/settings.h"

namespace camctl::onvif {

class Configuration {
 public:
  // The element at `path` below the Body: "GetImagingSettingsResponse/ImagingSettings". kProtocol where it is
  // not there.
  static Result<Configuration> cut(std::string_view reply, std::string_view path);

  // The text of the element at `path` below it; "@Name" at the end is an attribute. Nothing if it is not
  // there.
  std::optional<std::string> value(std::string_view path) const;
  // Replaces it and notes that. False if there is none: nothing is ever added.
  bool change(std::string_view name, std::string_view path, const std::string& wanted,
              SettingChanges& changes);

  // As an element of a request: `name` in the namespace `space`, with all that the device put into it.
  std::string as_element(std::string_view name, std::string_view space) const;

 private:
  pugi::xml_document document_;
};

}  // namespace camctl::onvif

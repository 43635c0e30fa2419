// Strings in YAML that stay strings. Inside exports/ only.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

namespace camctl::discover {

// A string in double quotes: no reader takes "no", "123" or "12:30" for something else.
struct Quoted {
  const std::string& text;
};
inline Quoted quoted(const std::string& text) { return {text}; }
inline YAML::Emitter& operator<<(YAML::Emitter& out, const Quoted& value) {
  return out << YAML::DoubleQuoted << value.text;
}

}  // namespace camctl::discover

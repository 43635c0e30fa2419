#include "apps/ptz/record.h"

namespace camctl::ptz {
namespace {

using Json = nlohmann::ordered_json;

void put_position(Json& record, const onvif::PtzVector& position) {
  if (position.pan) record["pan"] = *position.pan;
  if (position.tilt) record["tilt"] = *position.tilt;
  if (position.zoom) record["zoom"] = *position.zoom;
}

}  // namespace

Json to_json(const onvif::PtzPreset& preset) {
  Json record = {{"token", preset.token}, {"name", preset.name}};
  put_position(record, preset.position);
  return record;
}

Json to_json(const onvif::PtzStatus& status) {
  Json record = Json::object();
  put_position(record, status.position);
  if (status.moving) record["moving"] = *status.moving;
  return record;
}

}  // namespace camctl::ptz

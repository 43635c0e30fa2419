// camctl discover: asks devices over ONVIF who they are and where their streams are.
#include "apps/discover/program.h"

int main(int argc, char** argv) {
  return camctl::apps::run_program(
      argc, argv, "camctl discover",
      "Ask devices for identity, profiles and stream addresses; update cameras.json",
      camctl::discover::build);
}

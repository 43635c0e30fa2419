# camctl_assets(TARGET manifest): a library with the files that the manifest lists ("URL file" a line), as
# embedded_files() of apps/serve/assets.h. The assembler takes their bytes as they are (.incbin).
function(camctl_assets target manifest)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifest})
  file(STRINGS ${manifest} lines)
  set(files)
  set(blobs)
  set(table)
  set(n 0)
  foreach(line IN LISTS lines)
    if(line MATCHES "^[ \t]*(#|$)")
      continue()
    endif()
    if(NOT line MATCHES "^(/[^ \t]*)[ \t]+([^ \t]+)[ \t]*$")
      message(FATAL_ERROR "${manifest}: can't read \"${line}\"")
    endif()
    set(url ${CMAKE_MATCH_1})
    set(file ${CMAKE_MATCH_2})
    set(path ${CMAKE_SOURCE_DIR}/${file})
    if(NOT EXISTS ${path})
      # Looked for when the target is built, so that everything else still can be, and this once it is there.
      add_custom_command(OUTPUT ${path}
        COMMAND sh -c "test -e '${path}' || { echo '${file} is missing: run script/bootstrap'; false; }" VERBATIM)
    endif()
    list(APPEND files ${path})
    string(APPEND blobs "CAMCTL_BLOB(${n}, \"${path}\")\n")
    string(APPEND table "    {\"${url}\", \"${file}\", {camctl_asset_${n}, static_cast<std::size_t>(camctl_asset_end_${n} - camctl_asset_${n})}},\n")
    math(EXPR n "${n} + 1")
  endforeach()
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${target}.cc)
  file(CONFIGURE OUTPUT ${source}.new CONTENT [[
// Generated from @manifest@ by cmake/Assets.cmake.
#include "apps/serve/assets.h"

#ifdef __APPLE__
#define CAMCTL_SECTION ".const_data"
#define CAMCTL_SYMBOL(name) "_" name
#else
#define CAMCTL_SECTION ".section .rodata"
#define CAMCTL_SYMBOL(name) name
#endif
#define CAMCTL_BLOB(n, path)                                             \
  asm(CAMCTL_SECTION "\n.balign 16\n.globl " CAMCTL_SYMBOL("camctl_asset_" #n) "\n" \
      CAMCTL_SYMBOL("camctl_asset_" #n) ":\n.incbin \"" path "\"\n.globl " CAMCTL_SYMBOL("camctl_asset_end_" #n) "\n" \
      CAMCTL_SYMBOL("camctl_asset_end_" #n) ":\n.byte 0\n.text\n");      \
  extern "C" const char camctl_asset_##n[];                              \
  extern "C" const char camctl_asset_end_##n[];

@blobs@
namespace camctl::apps::serve {

std::span<const EmbeddedFile> embedded_files() {
  static const EmbeddedFile kFiles[] = {
@table@  };
  return kFiles;
}

}  // namespace camctl::apps::serve
]] @ONLY)
  configure_file(${source}.new ${source} COPYONLY)
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${files}")
  add_library(${target} STATIC ${source})
  target_link_libraries(${target} PUBLIC camctl_options)
  if(CAMCTL_FUZZERS)
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
endfunction()

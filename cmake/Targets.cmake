# How this project declares its targets. Every target includes from the project's root
# (`#include "base/result.h"`), is compiled with the same warnings, and gets the chosen sanitizers.

add_library(camctl_options INTERFACE)
target_include_directories(camctl_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(camctl_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual)
target_compile_definitions(camctl_options INTERFACE CAMCTL_VERSION="${PROJECT_VERSION}")
if(CAMCTL_SANITIZE)
  target_compile_options(camctl_options INTERFACE
    -fsanitize=${CAMCTL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(camctl_options INTERFACE -fsanitize=${CAMCTL_SANITIZE})
endif()
if(CAMCTL_FUZZERS)
  target_compile_options(camctl_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# camctl_library(NAME SOURCES... PUBLIC deps... PRIVATE deps...)
function(camctl_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC camctl_options ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  if(CAMCTL_FUZZERS)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)  # only what fuzzers need is built
  endif()
endfunction()

# Builds the programs and nothing else.
add_custom_target(programs)

# camctl_program(NAME SOURCES... LIBS...)
function(camctl_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE camctl_options ${ARG_LIBS})
  add_dependencies(programs ${name})
  if(CAMCTL_FUZZERS)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
    return()
  endif()
  install(TARGETS ${name} RUNTIME)
endfunction()

# Builds every unit test and nothing else.
add_custom_target(unit_tests)

# camctl_unit_test(NAME SOURCES... LIBS...): a doctest program, label unit (no network, 2 s at most)
function(camctl_unit_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES} ${CMAKE_SOURCE_DIR}/tests/doctest_main.cc)
  target_link_libraries(${name} PRIVATE camctl_options ${ARG_LIBS})
  target_compile_definitions(${name} PRIVATE CAMCTL_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_dependencies(unit_tests ${name})
  # g++ 12 sees bounds broken where optimized code inserts into small vectors.
  target_compile_options(${name} PRIVATE $<$<AND:$<CXX_COMPILER_ID:GNU>,$<NOT:$<CONFIG:Debug>>>:-Wno-array-bounds>)
  if(CAMCTL_FUZZERS)
    target_compile_options(${name} PRIVATE -O0)  # only the libraries' code has to be quick
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 300 SKIP_REGULAR_EXPRESSION "camctl: skipped")
endfunction()

# Builds the fuzzers and nothing else.
add_custom_target(fuzzers)

# camctl_fuzzer(NAME SOURCES... LIBS... SEEDS folder): built only by the fuzz preset; run by script/test
function(camctl_fuzzer name)
  if(NOT CAMCTL_FUZZERS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "SEEDS" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE camctl_options ${ARG_LIBS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzzers ${name})
  set_property(GLOBAL APPEND PROPERTY CAMCTL_FUZZER_LIST "${name} ${ARG_SEEDS}")
endfunction()

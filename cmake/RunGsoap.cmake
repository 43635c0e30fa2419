# Runs one of gSOAP's generators quietly: cmake -DCOMMAND="tool|argument|…" -P RunGsoap.cmake
# They exit with 0 on types and messages that they could not resolve, so that a warning has to be an error here.
string(REPLACE "|" ";" command "${COMMAND}")
set(ENV{SOURCE_DATE_EPOCH} 0)  # the same input gives the same bytes, for ccache
execute_process(COMMAND ${command} OUTPUT_VARIABLE out ERROR_VARIABLE out RESULT_VARIABLE status)
if(NOT status EQUAL 0 OR out MATCHES "Warning:|WARNING")
  message(FATAL_ERROR "${out}")
endif()

# Compiles SOURCE with COMPILER and checks that it says what the first line of SOURCE expects,
# in one sentence.
file(STRINGS ${SOURCE} lines LIMIT_COUNT 1)
if(NOT lines MATCHES "^// expect: (.+)$")
  message(FATAL_ERROR "${SOURCE} does not begin with `// expect: `")
endif()
set(expected "${CMAKE_MATCH_1}")

execute_process(
  COMMAND ${COMPILER} -std=c++20 -fsyntax-only -I${INCLUDE} ${SOURCE}
  RESULT_VARIABLE status
  OUTPUT_VARIABLE said
  ERROR_VARIABLE said)

if(expected STREQUAL "nothing")
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "should compile, but:\n${said}")
  endif()
  return()
endif()

if(status EQUAL 0)
  message(FATAL_ERROR "compiled, instead of: ${expected}")
endif()
string(FIND "${said}" "${expected}" at)
if(at EQUAL -1)
  message(FATAL_ERROR "said something else than: ${expected}\n${said}")
endif()
# clang adds that the condition around the failed assertion is no constant; nothing else may follow.
string(REGEX MATCHALL "error:" errors "${said}")
string(REGEX MATCHALL "error:[^\n]*bulkhead: " sentences "${said}")
list(LENGTH errors error_count)
list(LENGTH sentences sentence_count)
if(NOT sentence_count EQUAL 1 OR error_count GREATER 2)
  message(FATAL_ERROR "said ${sentence_count} sentences in ${error_count} errors:\n${said}")
endif()

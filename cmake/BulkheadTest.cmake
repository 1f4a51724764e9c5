# bulkhead_add_test(<name> SOURCES <file>... [OWN_MAIN] [LIBRARIES <target>...] [LABELS <label>]
#                   [TIMEOUT <seconds>])
# Builds a test program and registers each of its test cases with CTest by discovery.
#   SOURCES    relative to tests/, one a line
#   OWN_MAIN   one of the sources has the main, which ends in bulkhead_test::run_tests(argc, argv)
#   LIBRARIES  what to link in place of bulkhead::runtime
#   LABELS     e.g. process: a test that starts and kills real processes
#   TIMEOUT    a hard limit for each test case; 120 s when not given. Three times that with
#              sanitizers, under which processes start slowly.
# In every program: random order, and a test case without an assertion fails.

list(APPEND CMAKE_MODULE_PATH ${Catch2_DIR})
include(Catch)

# Catch2's runner for programs with a main of their own, compiled once.
add_library(bulkhead_test_runner STATIC EXCLUDE_FROM_ALL
                                 ${bulkhead_SOURCE_DIR}/tests/support/run_tests.cpp)
target_include_directories(bulkhead_test_runner PUBLIC ${bulkhead_SOURCE_DIR}/tests)
target_compile_features(bulkhead_test_runner PUBLIC cxx_std_20)
target_link_libraries(bulkhead_test_runner PUBLIC Catch2::Catch2 PRIVATE bulkhead_build_options)
set_target_properties(bulkhead_test_runner PROPERTIES BULKHEAD_INCLUDES_CATCH ON)

# Catch2's header costs each test file more than a second; precompiled once, it costs nothing. Ours
# are not in it, so that a change of one rebuilds only who includes it.
add_library(bulkhead_test_headers OBJECT EXCLUDE_FROM_ALL
                                  ${bulkhead_SOURCE_DIR}/tests/support/precompiled.cpp)
target_link_libraries(bulkhead_test_headers PRIVATE bulkhead::runtime Catch2::Catch2
                                                    bulkhead_build_options)
set_target_properties(bulkhead_test_headers PROPERTIES BULKHEAD_INCLUDES_CATCH ON)
target_precompile_headers(bulkhead_test_headers PRIVATE
                          ${bulkhead_SOURCE_DIR}/tests/support/catch.hpp)

function(bulkhead_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "OWN_MAIN" "TIMEOUT;LABELS" "SOURCES;LIBRARIES")
  if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "bulkhead_add_test(${name}): SOURCES missing, or unknown: "
                        "${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(BULKHEAD_SANITIZE)
    math(EXPR arg_TIMEOUT "3 * ${arg_TIMEOUT}")
  endif()

  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES BULKHEAD_INCLUDES_CATCH ON)
  if(NOT arg_LIBRARIES)
    set(arg_LIBRARIES bulkhead::runtime)
    # Only here: a precompiled header fits files that are compiled with the same definitions.
    target_precompile_headers(${name} REUSE_FROM bulkhead_test_headers)
  endif()
  # Tests see everything, internal headers too.
  target_include_directories(${name} PRIVATE ${bulkhead_SOURCE_DIR}/tests
                                             ${bulkhead_SOURCE_DIR}/runtime/src)
  target_link_libraries(
    ${name}
    PRIVATE ${arg_LIBRARIES} bulkhead_build_options
            $<IF:$<BOOL:${arg_OWN_MAIN}>,bulkhead_test_runner,Catch2::Catch2WithMain>)

  set(properties TIMEOUT ${arg_TIMEOUT})
  if(arg_LABELS)
    list(APPEND properties LABELS ${arg_LABELS})
  endif()
  catch_discover_tests(
    ${name}
    TEST_PREFIX "${name}: "
    EXTRA_ARGS --order rand -w NoAssertions
    PROPERTIES ${properties})
endfunction()

# Deliberate faults. The test that kills a process at every instruction must catch each of them;
# if it does not, the test is broken, not the library.
#
#   -DBULKHEAD_BREAK=<name>                       breaks bulkhead::runtime in the whole build tree
#   bulkhead_add_core_library(target BREAK name)  builds the core once more with one fault, so that
#                                                 one tree holds the sound and all broken ones
#
# In the sources a fault is `#if defined(BULKHEAD_BREAK_<NAME IN CAPITALS>)`.

set(BULKHEAD_BREAKS blocks_forgotten forward_ack_first forward_publish_first
    handover_kept no_version_bump publish_early)

set(BULKHEAD_BREAK "" CACHE STRING "Build with one deliberate fault (for the tests of the tests)")
set_property(CACHE BULKHEAD_BREAK PROPERTY STRINGS "" ${BULKHEAD_BREAKS})

# Sets `out` to the compile definition of fault `name`; any other name stops the configuration.
function(bulkhead_break_definition name out)
  if(NOT name IN_LIST BULKHEAD_BREAKS)
    list(JOIN BULKHEAD_BREAKS ", " known)
    message(FATAL_ERROR "BULKHEAD_BREAK=${name} is not a known fault; known are: ${known}")
  endif()
  string(TOUPPER ${name} upper)
  set(${out} BULKHEAD_BREAK_${upper}=1 PARENT_SCOPE)
endfunction()

if(BULKHEAD_BREAK)
  bulkhead_break_definition("${BULKHEAD_BREAK}" BULKHEAD_BREAK_DEFINITION)
  message(WARNING "This build is broken on purpose: ${BULKHEAD_BREAK}")
endif()

# bulkhead_add_core_library(<target> [BREAK <name>])
# A static library of the sources of runtime/src/core alone, without the rest of the runtime. Do not
# link it together with bulkhead_runtime, which holds the same functions.
function(bulkhead_add_core_library target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "BREAK" "")
  get_property(sources GLOBAL PROPERTY BULKHEAD_CORE_SOURCES)
  add_library(${target} STATIC ${sources})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} PUBLIC ${bulkhead_SOURCE_DIR}/runtime/include
                                              ${bulkhead_SOURCE_DIR}/runtime/src)
  target_link_libraries(${target} PUBLIC Boost::headers PRIVATE bulkhead_build_options)
  if(arg_BREAK)
    bulkhead_break_definition(${arg_BREAK} definition)
    # PUBLIC: the test includes core headers, and must see the same inline functions.
    target_compile_definitions(${target} PUBLIC ${definition})
  endif()
endfunction()

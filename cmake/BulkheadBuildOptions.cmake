# bulkhead_build_options: warnings, sanitizers and debug aids of our own targets. Linked PRIVATE and
# as $<BUILD_INTERFACE:...>, so that neither embedders nor the installed package inherit it.

add_library(bulkhead_build_options INTERFACE)
target_compile_features(bulkhead_build_options INTERFACE cxx_std_20)
target_compile_options(
  bulkhead_build_options
  INTERFACE -Wall
            -Wextra
            -Wpedantic
            -Wshadow
            -Wnon-virtual-dtor
            -Woverloaded-virtual
            -Wundef
            $<$<BOOL:${BULKHEAD_WARNINGS_AS_ERRORS}>:-Werror>)

if(BULKHEAD_SANITIZE)
  # No recovery: a finding ends the test that made it.
  # g++ takes the instrumented standard library for uninitialised, so that warning is off.
  target_compile_options(
    bulkhead_build_options
    INTERFACE -fsanitize=${BULKHEAD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
              $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  # CAF 0.17 binds a null reference where a function is spawned without arguments, and takes the ends
  # of its task queues, which are plain nodes, for tasks (caf/intrusive/task_queue.hpp, promote).
  target_compile_options(
    bulkhead_build_options
    INTERFACE $<$<BOOL:$<TARGET_PROPERTY:BULKHEAD_INCLUDES_CAF>>:-fno-sanitize=null,vptr>)
  # The check of virtual calls needs a pipe to look at an object, and takes any object for none where
  # no descriptor is left, which some tests see to: what Catch2 calls there is not checked.
  target_compile_options(
    bulkhead_build_options
    INTERFACE $<$<BOOL:$<TARGET_PROPERTY:BULKHEAD_INCLUDES_CATCH>>:-fno-sanitize=vptr>)
  target_link_options(bulkhead_build_options INTERFACE -fsanitize=${BULKHEAD_SANITIZE})
endif()

# An embedder's choice of compiler launcher is the embedder's.
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(BULKHEAD_CCACHE ccache)
  if(BULKHEAD_CCACHE)
    # With precompiled headers ccache works only when it may ignore their times and macros. With a
    # base folder another clone finds what this one compiled.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env
        CCACHE_BASEDIR=${bulkhead_SOURCE_DIR}
        CCACHE_NOHASHDIR=1
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        ${BULKHEAD_CCACHE})
  endif()
endif()

# Finds what the configured parts need; README.md beside this file lists each with its licence.

if(POLICY CMP0167)
  cmake_policy(SET CMP0167 NEW) # newer CMake: take Boost's own package
endif()

# Headers only: Asio. BOOST_ROOT names another place than the system's; without it, headers
# that ./dev setup unpacked are taken, which it does only where the system's are too old.
set(bulkhead_unpacked_boost ${bulkhead_SOURCE_DIR}/build/boost-1.81/usr)
if(EXISTS ${bulkhead_unpacked_boost} AND NOT DEFINED BOOST_ROOT AND NOT DEFINED ENV{BOOST_ROOT})
  set(BOOST_ROOT ${bulkhead_unpacked_boost})
endif()
find_package(Boost 1.81 REQUIRED)
find_package(Threads REQUIRED)

# Without CAF there is no bulkhead::actors; all the rest is there.
find_package(CAF 0.17.6)

# Without spdlog there is no bulkhead::spdlog, one of the places that a log may go to.
if(BULKHEAD_WITH_SPDLOG)
  find_package(spdlog 1.8 QUIET)
  if(NOT spdlog_FOUND)
    message(STATUS "spdlog was not found: bulkhead::spdlog is left out")
  endif()
endif()

if(BULKHEAD_BUILD_EXAMPLES)
  find_package(CLI11 REQUIRED)
endif()

if(BULKHEAD_BUILD_TESTS)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  find_package(Catch2 REQUIRED) # 2.13 or 3: tests/support/catch.hpp hides the difference
  if(Catch2_VERSION VERSION_LESS 2.13)
    message(FATAL_ERROR "Catch2 ${Catch2_VERSION} is too old: the tests need 2.13 or 3")
  endif()
endif()

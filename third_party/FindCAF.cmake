# Finds the C++ Actor Framework, whose Debian package (0.17) has neither a CMake nor a pkg-config
# file: headers, the core library, and the version as caf/config.hpp says it.
# A CAF 1.x install brings a CMake package of its own, which is preferred.
#
# Gives CAF_FOUND, CAF_VERSION and the target CAF::core. CAF_ROOT names another place to look.

# The version asked for here would be that of the caller, 0.17.
find_package(CAF 1 CONFIG QUIET)
if(CAF_FOUND AND TARGET CAF::core)
  set(CAF_CORE_LIBRARY CAF::core)
  set(caf_where ${CAF_DIR})
else()
  find_path(CAF_INCLUDE_DIR caf/all.hpp)
  find_library(CAF_CORE_LIBRARY caf_core)
  mark_as_advanced(CAF_INCLUDE_DIR CAF_CORE_LIBRARY)
  set(caf_where ${CAF_CORE_LIBRARY})

  # CAF_VERSION is one number: 1706 is 0.17.6.
  if(EXISTS "${CAF_INCLUDE_DIR}/caf/config.hpp")
    file(STRINGS "${CAF_INCLUDE_DIR}/caf/config.hpp" caf_version_line
         REGEX "^#define CAF_VERSION [0-9]+")
    if(caf_version_line MATCHES "([0-9]+)$")
      math(EXPR caf_major "${CMAKE_MATCH_1} / 10000")
      math(EXPR caf_minor "${CMAKE_MATCH_1} / 100 % 100")
      math(EXPR caf_patch "${CMAKE_MATCH_1} % 100")
      set(CAF_VERSION ${caf_major}.${caf_minor}.${caf_patch})
    endif()
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  CAF
  REQUIRED_VARS caf_where CAF_CORE_LIBRARY
  VERSION_VAR CAF_VERSION)

if(CAF_FOUND AND NOT TARGET CAF::core)
  find_package(Threads REQUIRED)
  add_library(CAF::core UNKNOWN IMPORTED)
  set_target_properties(
    CAF::core
    PROPERTIES IMPORTED_LOCATION "${CAF_CORE_LIBRARY}"
               INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}"
               INTERFACE_LINK_LIBRARIES Threads::Threads)
endif()

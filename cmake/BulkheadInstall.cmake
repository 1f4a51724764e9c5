# The install target and the CMake package `bulkhead`.
#
# Two export sets, because what is exported with actors can only be imported where CAF is there:
# bulkhead::runtime and bulkhead::auto_init need Boost's headers and threads only.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/bulkhead)

# Installs `targets` that exist, with their headers, as export set bulkhead-<set>-targets.
function(bulkhead_install set header_dir)
  foreach(target IN LISTS ARGN)
    if(TARGET ${target})
      install(
        TARGETS ${target}
        EXPORT bulkhead-${set}-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        OBJECTS DESTINATION ${CMAKE_INSTALL_LIBDIR}/bulkhead)
      set(found TRUE)
    endif()
  endforeach()
  if(found)
    install(DIRECTORY ${header_dir}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
    install(
      EXPORT bulkhead-${set}-targets
      NAMESPACE bulkhead::
      DESTINATION ${package_dir})
  endif()
endfunction()

bulkhead_install(runtime ${bulkhead_SOURCE_DIR}/runtime/include bulkhead_runtime bulkhead_auto_init)
bulkhead_install(spdlog ${bulkhead_SOURCE_DIR}/runtime/include bulkhead_spdlog)
bulkhead_install(actors ${bulkhead_SOURCE_DIR}/actors/include bulkhead_actors)

configure_package_config_file(
  ${bulkhead_SOURCE_DIR}/cmake/bulkhead-config.cmake.in ${bulkhead_BINARY_DIR}/bulkhead-config.cmake
  INSTALL_DESTINATION ${package_dir}
  NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break programs (CHANGELOG.md).
write_basic_package_version_file(${bulkhead_BINARY_DIR}/bulkhead-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${bulkhead_BINARY_DIR}/bulkhead-config.cmake
              ${bulkhead_BINARY_DIR}/bulkhead-config-version.cmake
              ${bulkhead_SOURCE_DIR}/third_party/FindCAF.cmake
        DESTINATION ${package_dir})
install(FILES ${bulkhead_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

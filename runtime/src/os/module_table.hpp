#pragma once

#include <cstdint>
#include <string>

namespace bulkhead::os {

/// One loaded module of this process: the program or a shared library.
struct module {
  std::string
      build_id;      ///< Hexadecimal; for a program without one "exe-" and a checksum; else empty.
  std::string path;  ///< Empty for the program itself.
  std::uintptr_t base = 0;
  bool is_program = false;
};

/// Finds the module that has `address` in an executable segment. @returns false: none.
[[nodiscard]] bool find_module_at(std::uintptr_t address, module& out);

/// Finds the loaded module with a build id. @returns false: it is not loaded.
[[nodiscard]] bool find_module_by_id(const std::string& build_id, module& out);

}  // namespace bulkhead::os

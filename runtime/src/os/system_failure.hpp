#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace bulkhead::os {

/// The error that `errno` names.
inline std::error_code last_error() noexcept { return {errno, std::system_category()}; }

/// Throws the error that `errno` names; `what` says what was tried, e.g. "mapping a queue".
[[noreturn]] inline void throw_last_error(const std::string& what) {
  throw std::system_error(last_error(), what);
}

}  // namespace bulkhead::os

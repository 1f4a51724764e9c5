#pragma once

#include <bulkhead/errc.hpp>
#include <string>

namespace bulkhead::detail {

/// What a call throws that a stop request ended: of a type of its own, so that where it leaves a
/// child's function the stack is unwound, which for no other exception it is (child_main.cpp).
class stop_error final : public error {
 public:
  explicit stop_error(const std::string& what)
      : error(make_error_code(errc::stop_requested), what) {}
};

[[noreturn]] inline void throw_error(std::error_code code, const std::string& what) {
  if (code == errc::stop_requested) throw stop_error(what);
  throw error(code, what);
}

}  // namespace bulkhead::detail

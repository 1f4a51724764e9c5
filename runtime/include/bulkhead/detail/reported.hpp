#pragma once

#include <stdexcept>
#include <system_error>

namespace bulkhead::detail {

/// Runs a call that throws for a form of it that reports to an error_code. A bad argument is
/// std::errc::invalid_argument; its text, which names it, is lost.
/// @returns what `fn` does; nothing, or a value made from nothing, after an error.
template <class Fn>
auto reported(std::error_code& ec, Fn fn) -> decltype(fn()) {
  ec.clear();
  try {
    return fn();
  } catch (const std::system_error& failure) {
    ec = failure.code();
  } catch (const std::invalid_argument&) {
    ec = std::make_error_code(std::errc::invalid_argument);
  }
  return decltype(fn())();
}

}  // namespace bulkhead::detail

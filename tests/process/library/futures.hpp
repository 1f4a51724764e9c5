#pragma once

#include <future>
#include <system_error>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

namespace bulkhead_test {

/// What a future brings, which must be there soon.
template <class R>
R result_of(std::future<R> f) {
  REQUIRE(f.wait_for(soon) == std::future_status::ready);
  return f.get();
}

/// What it failed with; no error where it did not.
template <class R>
std::error_code error_of(std::future<R> f) {
  try {
    result_of(std::move(f));
  } catch (const std::system_error& failure) {
    return failure.code();
  }
  return {};
}

}  // namespace bulkhead_test

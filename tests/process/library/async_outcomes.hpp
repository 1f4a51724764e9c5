#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <bulkhead/bulkhead.hpp>
#include <future>
#include <optional>
#include <system_error>
#include <utility>

#include "process/library/futures.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

// What tests of asynchronous calls wait in, and what their handlers got.
namespace bulkhead_test {

struct in_own_loop {
  boost::asio::io_context io;
  bulkhead::runtime rt{io.get_executor()};

  /// Lets the loop run until it has nothing to wait for any more, which must be soon.
  void run() {
    io.restart();
    io.run_for(soon);
    CHECK(io.stopped());
  }
};

/// What a future failed with.
template <class R>
std::error_code failure_of(std::future<R> f) {
  try {
    result_of(std::move(f));
  } catch (const boost::system::system_error& failure) {
    return failure.code();
  }
  return {};
}

/// What a handler got, and whether it got anything.
template <class Value>
struct outcome {
  std::optional<boost::system::error_code> ec;
  Value value{};

  auto handler() {
    return [this](boost::system::error_code e, Value v) {
      ec = e;
      value = std::move(v);
    };
  }
};
template <>
struct outcome<void> {
  std::optional<boost::system::error_code> ec;

  auto handler() {
    return [this](boost::system::error_code e) { ec = e; };
  }
};

}  // namespace bulkhead_test

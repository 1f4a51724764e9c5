#pragma once

#include <bulkhead/actors/system.hpp>
#include <bulkhead/runtime.hpp>
#include <caf/scoped_actor.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "actors/dialect.hpp"
#include "support/catch.hpp"

namespace bulkhead_test {

/// A runtime with an actor system, and who asks its actors.
struct asking {
  bulkhead::runtime rt;
  bulkhead::actors::system sys{rt};
  caf::error failure;  ///< Of the last request that failed.

  /// @returns what an actor answers; a value-initialised R where it fails, and `failure` says why.
  template <class R, class Handle, class... Args>
  R ask(const Handle& to, Args... args) {
    caf::scoped_actor self(sys.caf());
    std::optional<R> got;
    self->request(to, std::chrono::seconds(20), args...)
        .receive([&](R r) { got = std::move(r); }, [&](const caf::error& e) { failure = e; });
    UNSCOPED_INFO("the error: " << bulkhead::actors::compat::render(sys.caf(), failure));
    return got ? *got : R{};
  }
};

}  // namespace bulkhead_test

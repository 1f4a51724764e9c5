#pragma once

#include <bulkhead/actors/compat.hpp>

namespace bulkhead::actors::detail {

/// In whose name a thread sends that runs no actors and yet may not wait: for room on the way to an
/// actor elsewhere, or in a sink.
/// @threads any.
class outside_unit final : public compat::own_unit {
 public:
  explicit outside_unit(caf::actor_system& system) : own_unit(system), outside_(system) {}

 private:
  void make_ready(caf::resumable* ready) override { compat::schedule(outside_, ready); }

  caf::actor_system& outside_;
};

}  // namespace bulkhead::actors::detail

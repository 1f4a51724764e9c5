#pragma once

#include <bulkhead/actors/compat.hpp>

namespace bulkhead::actors {

/// The messages of a dynamically typed actor in a process of its own, as CAF's signatures:
///   spawn_process<accepts<caf::replies_to<int>::with<int>, caf::reacts_to<std::string>>>(...)
/// gives a caf::actor. What is in none of them does not reach it: a request is answered with
/// sec::unexpected_message.
template <class... Signatures>
struct accepts {};

namespace detail {

/// What a spawn's type parameter says: the handle that it gives, and the messages.
template <class Handle>
struct actor_interface {
  using handle = Handle;
  using signatures = typename Handle::signatures;
};
template <class... Signatures>
struct actor_interface<accepts<Signatures...>> {
  using handle = caf::actor;
  using signatures = accepts<Signatures...>;
};

}  // namespace detail

}  // namespace bulkhead::actors

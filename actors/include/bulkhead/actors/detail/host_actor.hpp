#pragma once

#include <bulkhead/actors/accepts.hpp>
#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/detail/actor_lane.hpp>
#include <bulkhead/actors/detail/message_codec.hpp>
#include <bulkhead/detail/entry.hpp>
#include <caf/execution_unit.hpp>
#include <cstdint>
#include <functional>
#include <tuple>
#include <utility>

// What runs in the process of an actor.
namespace bulkhead::actors::detail {

using launch_function =
    std::function<caf::strong_actor_ptr(caf::actor_system&, caf::execution_unit&)>;

/// Whose the process of an actor is, and what becomes of it when the actor ends.
enum class hosting : std::uint8_t {
  owned,           ///< It ends with its actor, and with who asks.
  supervised,      ///< It ends with its actor, abnormally where that does, or when it is asked to.
  supervised_new,  ///< The same, and what was asked of a dead incarnation is refused.
};

/// Makes this process's actor system, launches the actor and brings it its messages, until it ends
/// or nobody has a handle to it any more.
/// @errors thrown: a supervised actor ended abnormally, so its process does too.
void host_actor(const actor_server& lane, const message_codec& codec, hosting how,
                const launch_function& launch);

template <class Tuple>
using hosted_arguments = std::tuple<actor_server, hosting, Tuple>;

template <class Interface, class Fn, class Tuple>
void run_hosted(const bulkhead::detail::child_start& start) {
  hosted_arguments<Tuple> given{};
  if (!bulkhead::detail::decode_all(start.arguments, given, start.endpoints)) {
    throw std::runtime_error(
        "the arguments are not those of the actor: parent and child are different programs");
  }
  // By name, since clang captures no structured binding.
  auto& lane = std::get<0>(given);
  auto& arguments = std::get<2>(given);
  using signatures = typename actor_interface<Interface>::signatures;
  host_actor(lane, codec_of<signatures>::instance(), std::get<1>(given),
             [&](caf::actor_system& system, caf::execution_unit& unit) {
               if constexpr (bulkhead::detail::captureless<Fn>) {
                 return compat::launch_on(system, unit, Fn{}, std::move(arguments));
               } else {
                 return compat::launch_on(system, unit, reinterpret_cast<Fn>(start.target),
                                          std::move(arguments));
               }
             });
}

}  // namespace bulkhead::actors::detail

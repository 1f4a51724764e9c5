#pragma once

#include <bulkhead/actors/accepts.hpp>
#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/detail/actor_lane.hpp>
#include <bulkhead/actors/detail/handle_codec.hpp>
#include <bulkhead/actors/detail/message_codec.hpp>
#include <bulkhead/detail/entry.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <tuple>
#include <utility>

// What runs in the process of an actor.
namespace bulkhead::actors::detail {

using launch_function = std::function<caf::strong_actor_ptr(caf::actor_system&, compat::unit&)>;

/// Whose the process of an actor is, and what becomes of it when the actor ends.
enum class hosting : std::uint8_t {
  owned,           ///< It ends with its actor, and with who asks.
  supervised,      ///< It ends with its actor, abnormally where that does, or when it is asked to.
  supervised_new,  ///< The same, and what was asked of a dead incarnation is refused.
  lent,            ///< The actor's own business: it was given away as a handle.
};

/// The process of an actor: its actor system, from before its arguments are read.
class actor_host {
 public:
  actor_host();
  actor_host(const actor_host&) = delete;
  actor_host& operator=(const actor_host&) = delete;
  ~actor_host();

  /// What the process was given, for handles to be read.
  bulkhead::detail::endpoint_source* names(bulkhead::detail::endpoint_source* from);
  /// Launches the actor and brings it its messages, until it ends or nobody has a handle to it any
  /// more; then ends the system.
  /// @errors thrown: a supervised actor ended abnormally, so its process does too.
  void run(const actor_server& lane, const message_codec& codec, hosting how,
           const launch_function& launch);

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

template <class Tuple>
using hosted_arguments = std::tuple<actor_server, hosting, Tuple>;

template <class Interface, class Fn, class Tuple>
void run_hosted(const bulkhead::detail::child_start& start) {
  actor_host host;
  hosted_arguments<Tuple> given{};
  if (!bulkhead::detail::decode_all(start.arguments, given, host.names(start.endpoints))) {
    throw std::runtime_error(
        "the arguments are not those of the actor: parent and child are different programs");
  }
  // By name, since clang captures no structured binding.
  auto& lane = std::get<0>(given);
  auto& arguments = std::get<2>(given);
  using signatures = typename actor_interface<Interface>::signatures;
  host.run(lane, codec_of<signatures>::instance(), std::get<1>(given),
           [&](caf::actor_system& system, compat::unit& unit) {
             if constexpr (bulkhead::detail::captureless<Fn>) {
               return compat::launch_on(system, unit, Fn{}, std::move(arguments));
             } else {
               return compat::launch_on(system, unit, reinterpret_cast<Fn>(start.target),
                                        std::move(arguments));
             }
           });
}

}  // namespace bulkhead::actors::detail

#include <bulkhead/actors/supervisor_actor.hpp>

#include <bulkhead/actors/remote_error.hpp>
#include <bulkhead/async.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <memory>
#include <stdexcept>
#include <utility>

#include "system_state.hpp"

namespace bulkhead::actors {

namespace {

using weak_supervisor = std::weak_ptr<bulkhead::detail::supervisor_state>;
using event_broker = broker<supervision_event>;

/// Runs `act(supervisor)` and gives what it does, or the error that it throws.
template <class R, class Act>
caf::result<R> with(const weak_supervisor& which, Act act) {
  auto state = which.lock();
  if (!state) return detail::error_for(errc::closed);
  supervisor sup(std::move(state));
  try {
    if constexpr (std::is_void_v<R>) {
      act(sup);
      return caf::unit;
    } else {
      return act(sup);
    }
  } catch (const std::invalid_argument& e) {
    return caf::make_error(caf::sec::invalid_argument, std::string(e.what()));
  } catch (const bulkhead::error& e) {
    return detail::error_for(e.code(), e.status());
  }
}

// Waits for children, so that nobody else need.
using waiter = caf::typed_actor<compat::takes<terminate_child>, compat::takes<restart_child>,
                                compat::takes<delete_child>, compat::takes<shut_down>>;

waiter::behavior_type wait_for_children(waiter::pointer, const weak_supervisor& which) {
  return {
      [which](const terminate_child& what) {
        return with<void>(which, [&](supervisor& sup) {
          if (what.name.empty()) return sup.terminate_child(what.id);
          sup.terminate_child(what.name);
        });
      },
      [which](const restart_child& what) {
        return with<void>(which, [&](supervisor& sup) { sup.restart_child(what.name); });
      },
      [which](const delete_child& what) {
        return with<void>(which, [&](supervisor& sup) { sup.delete_child(what.name); });
      },
      [which](shut_down) { return with<void>(which, [](supervisor& sup) { sup.shutdown(); }); }};
}

supervisor_actor::behavior_type administer(supervisor_actor::pointer self,
                                           const weak_supervisor& which, const waiter& waits,
                                           const event_broker& events) {
  self->link_to(waits);  // it goes with us
  return {[which](which_children) {
            return with<std::vector<child_info>>(
                which, [](const supervisor& sup) { return sup.which_children(); });
          },
          [which](count_children) {
            return with<child_count>(which,
                                     [](const supervisor& sup) { return sup.count_children(); });
          },
          [which](const find_child& what) {
            return with<child_info>(which, [&](const supervisor& sup) {
              if (auto found = sup.find_child(what.name)) return std::move(*found);
              throw std::invalid_argument("there is no child '" + what.name + "'");
            });
          },
          [self, waits](const terminate_child& what) { return self->delegate(waits, what); },
          [self, waits](const restart_child& what) { return self->delegate(waits, what); },
          [self, waits](const delete_child& what) { return self->delegate(waits, what); },
          [self, waits](shut_down what) { return self->delegate(waits, what); },
          [self, events](caf::subscribe_atom what, const std::string& child,
                         const event_listener& who) {
            return self->delegate(events, what, child, who);
          },
          [self, events](caf::unsubscribe_atom what, const std::string& child,
                         const event_listener& who) {
            return self->delegate(events, what, child, who);
          }};
}

caf::error reason_of(const end_reason& end) {
  if (end == end_reason::gave_up) {
    return detail::error_for(make_error_code(errc::gave_up), end.status);
  }
  if (end == end_reason::start_failed) {
    return detail::error_for(make_error_code(errc::start_failed), end.status);
  }
  return caf::exit_reason::user_shutdown;
}

// What the supervisor calls outlasts the actors.
template <class Handle>
caf::weak_actor_ptr weak(const Handle& actor) {
  return caf::actor_cast<caf::weak_actor_ptr>(actor);
}

}  // namespace

supervisor_actor spawn_supervisor_actor(system& sys, const supervisor& sup,
                                        const broker_options& events) {
  if (events.overflow == overflow::block) {
    throw std::invalid_argument("spawn_supervisor_actor: events that wait would block supervision");
  }
  const weak_supervisor which = sup.state();
  const auto broker = spawn_broker<supervision_event>(sys, events);
  const auto waits = sys.caf().spawn<caf::detached>(wait_for_children, which);
  auto made = sys.caf().spawn(administer, which, waits, broker);
  sys.state().end_with_system(caf::actor_cast<caf::strong_actor_ptr>(waits));
  sys.state().end_with_system(caf::actor_cast<caf::strong_actor_ptr>(made));
  supervisor handle(sup.state());
  handle.on_event([to = weak(broker)](const supervision_event& event) {
    if (const auto here = to.lock()) {
      caf::anon_send(caf::actor_cast<event_broker>(here), caf::publish_atom_v, event.child, event);
    }
  });
  sup.async_wait([to = weak(made)](boost::system::error_code ec, const end_reason& end) {
    const auto here = to.lock();
    if (!ec && here) here->enqueue(compat::exit_message(reason_of(end)), nullptr);
  });
  return made;
}

}  // namespace bulkhead::actors

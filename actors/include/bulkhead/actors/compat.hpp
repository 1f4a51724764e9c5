#pragma once

// The seam to CAF: the rest of this layer includes this header and CAF's handles only. What differs
// between CAF's versions is in caf_versions.hpp; the tests need no change for another one.

#include <atomic>
#include <bulkhead/actors/caf_versions.hpp>
#include <caf/attachable.hpp>
#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

/// The seam to CAF; not for users.
namespace bulkhead::actors::compat {

// -- types ---------------------------------------------------------------------------------------

/// True for handles of actors that take any message and may refuse it.
template <class Handle>
inline constexpr bool is_dynamic = std::same_as<Handle, caf::actor>;

/// True when a handle's signatures have one for a message of one T.
template <class Handle, class T>
consteval bool accepts() {
  if constexpr (is_dynamic<Handle>) {
    return true;
  } else {
    using signatures = typename Handle::signatures;
    // CAF writes integers of one size as one type.
    return caf::response_type<signatures, T>::valid ||
           caf::response_type<signatures, caf::detail::implicit_conversions_t<T>>::valid;
  }
}

// -- requests ------------------------------------------------------------------------------------

/// The receiver of the answer to one request, which the request itself keeps alive: through its
/// sender field while it waits or is being handled, through a promise while that is open. So its
/// destruction without an answer says that none will come.
class reply_actor : public proxy {
 public:
  using proxy::proxy;

 private:
  void receive(caf::mailbox_element_ptr& message, unit*) final {
    // Whoever looks up the sender can send it anything; the answer is all that counts.
    if (!message->mid.is_response()) return;
    const message_values& content = message->content();
    if (content.match_elements<caf::error>()) {
      failed(content.get_as<caf::error>(0));
    } else {
      answered();
    }
  }

  // Called in the thread that answers: a worker of CAF's, or whoever found the actor dead.
  virtual void answered() noexcept = 0;
  virtual void failed(const caf::error& reason) noexcept = 0;
};

/// Makes a reply actor of class Reply. It is not one of the actors that keep a system running.
template <class Reply, class... Args>
caf::strong_actor_ptr make_reply(caf::actor_system& system, Args&&... args) {
  caf::actor_config config;
  return caf::make_actor<Reply, caf::strong_actor_ptr>(
      system.next_actor_id(), system.node(), &system, config, std::forward<Args>(args)...);
}

/// The same, but the answer is brought to somebody else: its content counts, once.
class answer_actor : public proxy {
 public:
  using proxy::proxy;

 protected:
  [[nodiscard]] bool is_answered() const noexcept { return answered_; }

 private:
  void receive(caf::mailbox_element_ptr& message, unit*) final {
    if (!message->mid.is_response() || answered_.exchange(true)) return;
    answered(message->content());
  }
  // Called in the thread that answers.
  virtual void answered(const message_values& content) = 0;

  std::atomic<bool> answered_{false};
};

/// Makes the local stand-in of an actor that is elsewhere. Nodes are what CAF tells such actors by;
/// two stand-ins have different ids, so the system's own will do.
template <class Proxy, class... Args>
caf::strong_actor_ptr make_proxy(caf::actor_system& system, Args&&... args) {
  caf::actor_config config;
  return caf::make_actor<Proxy, caf::strong_actor_ptr>(
      system.next_actor_id(), system.node(), &system, config, std::forward<Args>(args)...);
}

/// True for the error that answers for an actor that is no more.
inline bool is_receiver_down(const caf::error& reason) {
  return reason == caf::sec::request_receiver_down;
}

/// True for the error that answers for an actor that has no handler for a message.
inline bool is_unexpected(const caf::error& reason) {
  return reason == caf::sec::unexpected_message;
}

inline std::string text_of(const caf::error& reason) {
  return reason ? caf::to_string(reason) : "no reason given";
}

// -- ends of actors ------------------------------------------------------------------------------

/// Calls `handler(reason)` when the actor ends, in the thread in which it does; at once when it has
/// ended.
template <class Handler>
void on_exit(const caf::strong_actor_ptr& actor, Handler handler) {
  actor->get()->attach_functor(
      [handler = std::move(handler)](const caf::error& reason) { handler(reason); });
}

/// Tells who watches an actor of its end: monitors, links, functions. They may outlast the actor.
/// One that throws keeps none from being told.
inline void tell_end(const caf::attachable_ptr& watchers, const caf::error& reason) {
  for (caf::attachable* one = watchers.get(); one != nullptr; one = one->next.get()) {
    try {
      one->actor_exited(reason, nullptr);
    } catch (const std::exception&) {
    }
  }
}

/// Asks an actor to end before it looks at its next message.
inline void send_exit(const caf::strong_actor_ptr& actor, caf::exit_reason reason) {
  actor->get()->enqueue(make_element(nullptr, caf::make_message_id(caf::message_priority::high),
                                     caf::exit_msg{actor->get()->address(), reason}),
                        nullptr);
}

/// The message that asks an actor to end, from nobody.
inline caf::mailbox_element_ptr exit_message(caf::error reason) {
  return make_element(nullptr, caf::make_message_id(caf::message_priority::high),
                      caf::exit_msg{caf::actor_addr{}, std::move(reason)});
}

// -- launching -----------------------------------------------------------------------------------

/// True when CAF makes an actor of that handle of a function and its arguments: event-based,
/// stateful or blocking. A blocking actor has no type of its own, and gets the one that is asked
/// for.
template <class Handle, class Fn, class... Args>
consteval bool makes_actor() {
  using self = typename inferred<Fn>::impl;
  const bool fits = std::same_as<typename inferred<Fn>::type, Handle> ||
                    std::is_base_of_v<caf::blocking_actor, self>;
  return fits && (std::is_invocable_v<const Fn&, self*, Args...> ||
                  std::is_invocable_v<const Fn&, Args...>);
}

/// Spawns an actor of a function, to run on the unit from the start; blocking ones run on a thread
/// of their own, which the unit is not for.
template <class Fn, class Tuple>
caf::strong_actor_ptr launch_on(caf::actor_system& system, unit& here, Fn fn, Tuple arguments) {
  constexpr bool has_thread = std::is_base_of_v<caf::blocking_actor, typename inferred<Fn>::impl>;
  caf::actor_config config{has_thread ? nullptr : &here};
  return std::apply(
      [&](auto&... all) {
        return caf::actor_cast<caf::strong_actor_ptr>(
            system.spawn_functor(std::true_type{}, config, fn, std::move(all)...));
      },
      arguments);
}

/// True in the thread that sends CAF's delayed messages and timeouts, all of a system's.
[[nodiscard]] bool is_clock_thread() noexcept;
/// True for who sends by a plain thread or a scoped actor; a worker, or a unit of ours, has other
/// actors to run, and the clock other timers.
inline bool may_wait(const unit* host) { return runs_none(host) && !is_clock_thread(); }

/// True for an actor that has a thread of its own.
inline bool runs_elsewhere(const caf::strong_actor_ptr& actor) {
  return actor->get()->getf(caf::abstract_actor::is_detached_flag);
}

/// How many refer to an actor. @returns one moment's view.
inline std::size_t references(const caf::strong_actor_ptr& actor) {
  return actor->strong_refs.load(std::memory_order_relaxed);
}

/// The number of a message that is brought to an actor from elsewhere. An answer actor sees one
/// answer only, so that all requests can have one.
inline caf::message_id number_of(bool is_request, bool is_urgent) {
  const caf::message_id id = caf::make_message_id(is_request ? 1 : 0);
  return is_urgent ? id.with_high_priority() : id;
}

// -- systems -------------------------------------------------------------------------------------

/// Chooses the scheduler whose idle workers sleep until there is work; CAF's own choice wakes up
/// 400 times a second.
inline void prefer_sharing(caf::actor_system_config& config) {
  config.set(policy_key, sharing_policy);
}
inline void one_worker(caf::actor_system_config& config) {
  config.set(threads_key, std::size_t{1});
}

/// How many actors have not ended.
inline std::size_t running(caf::actor_system& system) { return system.registry().running(); }

/// Refers to whoever owns a system of CAF's, among its named actors.
class system_mark final : public proxy {
 public:
  system_mark(caf::actor_config& config, void* whose) : proxy(config), whose_(whose) {}
  [[nodiscard]] void* whose() const noexcept { return whose_; }

 private:
  void receive(caf::mailbox_element_ptr&, unit*) override {}

  void* whose_;
};

inline void mark(caf::actor_system& system, void* whose) {
  system.registry().put(mark_name, make_proxy<system_mark>(system, whose));
}
inline void unmark(caf::actor_system& system) { system.registry().erase(mark_name); }
/// @returns nullptr: nobody has marked it.
inline void* mark_of(caf::actor_system& system) {
  const auto found = system.registry().template get<caf::strong_actor_ptr>(mark_name);
  const auto* const one = found ? dynamic_cast<system_mark*>(found->get()) : nullptr;
  return one != nullptr ? one->whose() : nullptr;
}

}  // namespace bulkhead::actors::compat

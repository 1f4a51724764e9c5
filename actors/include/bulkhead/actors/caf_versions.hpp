#pragma once

// All that differs between the versions of CAF and that this layer uses, in a block for 0.17 and
// one for 1.x with the same names; compat.hpp is made of it. Tested with 0.17.6 and 1.1.0. With 1.x
// messages are of types that have type ids; ours begin at first_custom_type_id + 1000.

#include <caf/config.hpp>

#if defined(CAF_VERSION) && CAF_VERSION >= 1706 && CAF_VERSION < 1800
#define BULKHEAD_CAF_0_17 1
#elif defined(CAF_VERSION_MAJOR) && CAF_VERSION_MAJOR == 1
#define BULKHEAD_CAF_0_17 0
#else
#error "Bulkhead's actors are made for CAF 0.17.6 and 1.x; compat.hpp has no block for this version"
#endif

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/actor_proxy.hpp>
#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/blocking_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/infer_handle.hpp>
#include <caf/logger.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_actor.hpp>
#include <caf/response_type.hpp>
#include <caf/resumable.hpp>
#include <caf/sec.hpp>
#include <caf/system_messages.hpp>
#include <caf/typed_actor.hpp>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#if BULKHEAD_CAF_0_17
#include <bulkhead/actors/detail/plain_message.hpp>
#include <caf/atom.hpp>
#include <caf/execution_unit.hpp>
#include <caf/make_counted.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/scoped_execution_unit.hpp>
#else
#include <bulkhead/exit_status.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/scheduler.hpp>
#include <caf/type_id.hpp>
#include <string_view>
#include <vector>

namespace bulkhead::actors {
class any_actor;
struct name_change;
struct restarted;
namespace compat {
/// The codes of the errors that this layer makes.
enum class our_code : std::uint8_t {};
std::string to_string(our_code code);
inline bool from_string(std::string_view, our_code&) { return false; }
inline bool from_integer(std::uint8_t code, our_code& to) {
  to = our_code{code};
  return true;
}
template <class Inspector>
bool inspect(Inspector& f, our_code& x) {
  return caf::default_enum_inspect(f, x);
}
}  // namespace compat
}  // namespace bulkhead::actors

CAF_BEGIN_TYPE_ID_BLOCK(bulkhead_actors, caf::first_custom_type_id + 1000)
CAF_ADD_TYPE_ID(bulkhead_actors, (bulkhead::actors::compat::our_code))
CAF_ADD_TYPE_ID(bulkhead_actors, (bulkhead::actors::any_actor))
CAF_ADD_TYPE_ID(bulkhead_actors, (bulkhead::actors::name_change))
CAF_ADD_TYPE_ID(bulkhead_actors,
                (caf::typed_actor<caf::result<void>(bulkhead::actors::name_change)>))
CAF_ADD_TYPE_ID(bulkhead_actors, (bulkhead::actors::restarted))
CAF_ADD_TYPE_ID(bulkhead_actors, (bulkhead::exit_status))
CAF_ADD_TYPE_ID(bulkhead_actors, (std::vector<std::string>))
CAF_END_TYPE_ID_BLOCK(bulkhead_actors)
CAF_ERROR_CODE_ENUM(bulkhead::actors::compat::our_code)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bulkhead::actors::restarted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bulkhead::exit_status)
#endif

namespace bulkhead::actors::compat {
#if BULKHEAD_CAF_0_17

// == 0.17 ========================================================================================

/// What a message has in it.
using message_values = caf::type_erased_tuple;
/// What runs actors.
using unit = caf::execution_unit;

/// Makes a message of a value that need be neither inspectable nor printable. It cannot leave the
/// process.
template <class T>
caf::message local_message(T value) {
  return caf::message(caf::detail::message_data::cow_ptr(
      caf::make_counted<detail::plain_content<T>>(std::move(value))));
}
template <class... Ts>
caf::mailbox_element_ptr make_element(caf::strong_actor_ptr sender, caf::message_id id,
                                      Ts&&... values) {
  return caf::make_mailbox_element(std::move(sender), id, {}, std::forward<Ts>(values)...);
}

/// True for one that goes on along a chain of actors.
inline bool is_in_chain(const caf::mailbox_element& message) { return !message.stages.empty(); }
inline caf::message take_content(caf::mailbox_element& message) {
  return message.move_content_to_message();
}

/// An actor that hands on what it is sent, in the sender's thread.
class proxy : public caf::actor_proxy {
 public:
  using caf::actor_proxy::actor_proxy;
  void enqueue(caf::mailbox_element_ptr message, unit* host) final { receive(message, host); }
  void kill_proxy(unit* host, caf::error reason) final { cleanup(std::move(reason), host); }

 private:
  virtual void receive(caf::mailbox_element_ptr& message, unit* host) = 0;
};

/// One that others watch.
class watched_proxy : public proxy {
 public:
  using proxy::proxy;
  void on_destroy() final {
    if (getf(is_terminated_flag)) return;
    caf::attachable_ptr watchers = std::move(attachables_head_);
    cleanup(caf::exit_reason::unreachable, nullptr);
    left(std::move(watchers));
  }
  bool add_backlink(caf::abstract_actor* other) final {
    linked();
    return caf::actor_proxy::add_backlink(other);
  }
  [[nodiscard]] bool has_ended() const { return getf(is_terminated_flag); }
  [[nodiscard]] caf::error end_reason() const { return fail_state(); }

 private:
  // It is linked with somebody. Under its lock.
  virtual void linked() {}
  // Nobody has a handle any more; those watch it who are to be told of its end.
  virtual void left(caf::attachable_ptr watchers) = 0;
};

/// Runs actors on one thread, which `adopt`s it.
class own_unit : public unit {
 public:
  explicit own_unit(caf::actor_system& system) : unit(&system) {}
  void adopt() const noexcept {}
  void exec_later(caf::resumable* ready) final { make_ready(ready); }

 private:
  virtual void make_ready(caf::resumable* ready) = 0;
};
/// Has a worker of CAF's run it.
inline void schedule(caf::actor_system& system, caf::resumable* ready) {
  system.scheduler().enqueue(ready);
}
/// True for a thread that runs no actors: a plain one, a scoped actor's, CAF's own.
inline bool runs_none(const unit* host) {
  return host == nullptr || dynamic_cast<const caf::scoped_execution_unit*>(host) != nullptr;
}

/// As which type a value of a signature lies in a message; which it is, where that is known.
template <class T>
struct constant : std::false_type {
  using stored = T;
};
template <caf::atom_value Value>
struct constant<caf::atom_constant<Value>> : std::true_type {
  using stored = caf::atom_value;
  static stored value_there() { return Value; }
  static std::uint64_t number() { return static_cast<std::uint64_t>(Value); }
};
template <class Fn>
using inferred = caf::infer_handle_from_fun<Fn>;

/// Signatures: `asks<Ins...>::with<Outs...>`, and without an answer.
template <class... Ts>
using asks = caf::replies_to<Ts...>;
template <class... Ts>
using takes = caf::reacts_to<Ts...>;

using error_category = caf::atom_value;
inline constexpr error_category our_category = caf::atom("bulkhead");
inline caf::error our_error(std::uint8_t code, caf::message context = {}) {
  return {code, our_category, std::move(context)};
}
/// True for CAF's own error for a promise that was dropped: 0.17 has none.
inline bool is_broken_promise(const caf::error&) { return false; }
/// What an error's code, category and text are made of elsewhere.
inline caf::error error_of(std::uint8_t code, std::uint64_t category, const std::string& text) {
  if (text.empty()) return {code, static_cast<caf::atom_value>(category)};
  return {code, static_cast<caf::atom_value>(category), caf::make_message(text)};
}
inline std::string text_to_travel(const caf::error& reason) {
  const caf::message& context = reason.context();
  if (context.match_elements<std::string>()) return context.get_as<std::string>(0);
  return context.empty() ? std::string() : caf::to_string(context);
}
inline std::string render(caf::actor_system& system, const caf::error& reason) {
  return system.render(reason);
}

/// Prepares for a system; `text_of(code, context)` is what one of our errors says.
inline void prepare(caf::actor_system_config& config,
                    std::string (*text_of)(std::uint8_t, const caf::message&)) {
  config.add_error_category(our_category,
                            [=](std::uint8_t code, caf::atom_value, const caf::message& context) {
                              return text_of(code, context);
                            });
}
inline constexpr caf::atom_value mark_name = caf::atom("bulkhead");
/// Drops this thread's reference to a system's logger, which CAF leaves in every thread that makes
/// a system, spawns an actor or uses a scoped_actor. The system's destructor waits until no thread
/// has one, for ever if need be.
inline void forget_logger() { caf::logger::set_current_actor_system(nullptr); }
/// Where a configuration has the scheduler's kind and threads.
inline constexpr char policy_key[] = "scheduler.policy";
inline constexpr caf::atom_value sharing_policy = caf::atom("sharing");
inline constexpr char threads_key[] = "scheduler.max-threads";

#else
// == 1.x =========================================================================================

using message_values = caf::message;
using unit = caf::scheduler;
template <class T>
caf::message local_message(T value) {
  return caf::make_message(std::move(value));
}
template <class... Ts>
caf::mailbox_element_ptr make_element(caf::strong_actor_ptr sender, caf::message_id id,
                                      Ts&&... values) {
  return caf::make_mailbox_element(std::move(sender), id, std::forward<Ts>(values)...);
}

inline bool is_in_chain(const caf::mailbox_element&) { return false; }
inline caf::message take_content(caf::mailbox_element& message) {
  return std::move(message.payload);
}

class proxy : public caf::actor_proxy {
 public:
  using caf::actor_proxy::actor_proxy;
  bool enqueue(caf::mailbox_element_ptr message, unit* host) final {
    receive(message, host);
    return true;
  }
  void kill_proxy(unit* host, caf::error reason) final { cleanup(std::move(reason), host); }
  const char* name() const final { return "bulkhead.proxy"; }

 private:
  virtual void receive(caf::mailbox_element_ptr& message, unit* host) = 0;
  void force_close_mailbox() final {}
};

class watched_proxy : public proxy {
 public:
  using proxy::proxy;
  void on_unreachable() final {
    caf::attachable_ptr watchers;
    exclusive_critical_section([&] { watchers.swap(attachables_head_); });
    cleanup(caf::exit_reason::unreachable, nullptr);
    left(std::move(watchers));
  }
  bool add_backlink(caf::abstract_actor* other) final {
    linked();
    return caf::actor_proxy::add_backlink(other);
  }
  [[nodiscard]] bool has_ended() const { return getf(is_terminated_flag); }
  [[nodiscard]] caf::error end_reason() const {
    const std::lock_guard lock(mtx_);
    return fail_state_;
  }

 private:
  virtual void linked() {}
  virtual void left(caf::attachable_ptr watchers) = 0;
};

class own_unit : public unit {
 public:
  explicit own_unit(caf::actor_system& system) : system_(&system) {}
  void adopt() const noexcept { adopted() = this; }
  // CAF asks for this from any thread.
  void schedule(caf::resumable* ready) final {
    adopted() == this ? make_ready(ready) : system_->scheduler().schedule(ready);
  }
  void delay(caf::resumable* ready) final { make_ready(ready); }
  void start() final {}
  void stop() final {}

 private:
  static const own_unit*& adopted() noexcept {
    static thread_local const own_unit* one = nullptr;
    return one;
  }
  virtual void make_ready(caf::resumable* ready) = 0;
  caf::actor_system* system_;
};
inline void schedule(caf::actor_system& sys, caf::resumable* r) { sys.scheduler().schedule(r); }
inline bool runs_none(const unit* host) { return host == nullptr; }
template <class T>
struct constant : std::is_empty<T> {
  using stored = T;
  static stored value_there() { return {}; }
  static std::uint64_t number() { return caf::type_id_v<T>; }
};
template <class Fn>
using inferred = caf::infer_handle_from_fun_trait_t<Fn>;
template <class... Ts>
struct asks {
  template <class... Outs>
  using with = caf::result<Outs...>(Ts...);
};
template <class... Ts>
using takes = caf::result<void>(Ts...);
using error_category = caf::type_id_t;
inline constexpr error_category our_category = caf::type_id_v<our_code>;
inline caf::error our_error(std::uint8_t code, caf::message context = {}) {
  return {our_code{code}, std::move(context)};
}
inline bool is_broken_promise(const caf::error& e) { return e == caf::sec::broken_promise; }
// In caf_versions.cpp, which knows our types.
caf::error error_of(std::uint8_t code, std::uint64_t category, const std::string& text);
std::string text_to_travel(const caf::error& reason);
std::string render(caf::actor_system& system, const caf::error& reason);
void prepare(caf::actor_system_config& config,
             std::string (*text_of)(std::uint8_t, const caf::message&));
inline const std::string mark_name = "bulkhead";
inline void forget_logger() { caf::logger::current_logger(nullptr); }
inline constexpr char policy_key[] = "caf.scheduler.policy";
inline const std::string sharing_policy = "sharing";
inline constexpr char threads_key[] = "caf.scheduler.max-threads";

#endif
}  // namespace bulkhead::actors::compat

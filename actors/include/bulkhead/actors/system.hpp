#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/runtime.hpp>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace bulkhead::actors {

/// What an actor system can be told.
struct system_options {
  /// How long its end may take, whatever the actors do.
  std::chrono::milliseconds shutdown = std::chrono::seconds(5);
  /// What this system's actors send to one in another process, and there is no room for on the way,
  /// is kept here, so many bytes for each of those, one message at least. Beyond it requests are
  /// answered with errc::full, others are dropped, counted (`dropped`) and told of.
  std::size_t kept_bytes = std::size_t{64} << 20;
};

namespace detail {
class system_state;
}

/// The actor system of this process: CAF's, beside a runtime, with an end that never hangs.
///
/// Made after the runtime and gone before it. CAF's workers get no signals of the host. In a forked
/// copy of the process the destructor does nothing.
/// @threads any, but for its end, which is one thread's.
/// @owns CAF's system and its configuration. Feeds into its actors may outlive it; their calls then
/// report runtime_gone.
class system {
 public:
  /// The one of a child process, beside `this_process::runtime()`. @errors not_initialised in the
  /// host: hand over its runtime.
  system();
  /// Uses CAF's scheduler policy `sharing`, whose idle workers sleep.
  explicit system(bulkhead::runtime& rt, const system_options& options = {});
  /// Calls `setup` on the configuration before CAF sees it, to change the scheduler, load modules
  /// or add types.
  system(bulkhead::runtime& rt, const std::function<void(caf::actor_system_config&)>& setup,
         const system_options& options = {});
  /// Takes a configuration over and leaves it as it is, its scheduler too.
  template <class Config>
  requires std::derived_from<std::remove_cvref_t<Config>, caf::actor_system_config> system(
      bulkhead::runtime& rt, Config&& config, const system_options& options = {})
      : system(rt, take_over(std::forward<Config>(config)), options) {}

  system(const system&) = delete;
  system& operator=(const system&) = delete;
  /// `shutdown()`; says on standard error what was left behind.
  ~system();

  /// CAF's system. @errors undefined after `shutdown`.
  [[nodiscard]] caf::actor_system& caf() const noexcept;
  [[nodiscard]] bulkhead::runtime& runtime() const noexcept;

  /// Ends it: stops the feeds, asks the actors they feed to exit, waits until no actor is left,
  /// kills the fed ones after four fifths of the time, and gives up at its end. Other actors must
  /// end by themselves, as CAF demands: drop their handles or send them an exit. Threads that
  /// called CAF's `spawn` or used a scoped_actor must have ended too, but for the one that calls
  /// this.
  /// @returns false when something was left: CAF's system then stays behind, its threads running,
  /// until the process exits. True when called again.
  bool shutdown();
  /// The same within that time instead of `system_options::shutdown`.
  /// @returns how many actors still run; 0: none, or it had ended before.
  template <class Rep, class Period>
  std::size_t shutdown_for(std::chrono::duration<Rep, Period> time) {
    return end_within(std::chrono::ceil<std::chrono::milliseconds>(time));
  }

  /// For feeds.
  [[nodiscard]] detail::system_state& state() const noexcept { return *state_; }

 private:
  std::size_t end_within(std::chrono::milliseconds time);
  system(bulkhead::runtime& rt, std::unique_ptr<caf::actor_system_config> config,
         const system_options& options);
  template <class Config>
  static std::unique_ptr<caf::actor_system_config> take_over(Config&& config) {
    static_assert(!std::is_lvalue_reference_v<Config>,
                  "hand the configuration over with std::move: the system may outlive it, and CAF "
                  "cannot copy it");
    return std::make_unique<std::remove_cvref_t<Config>>(std::move(config));
  }

  bulkhead::runtime* runtime_;
  std::unique_ptr<detail::system_state> state_;
};

}  // namespace bulkhead::actors

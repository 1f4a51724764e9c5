#pragma once

#include <bulkhead/child_spec.hpp>
#include <bulkhead/detail/async_calls.hpp>
#include <bulkhead/detail/child_observer.hpp>
#include <bulkhead/detail/reported.hpp>
#include <bulkhead/detail/supervisor_entry.hpp>
#include <bulkhead/detail/time_after.hpp>
#include <bulkhead/dynamic_children.hpp>
#include <bulkhead/runtime.hpp>
#include <bulkhead/supervision_events.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace bulkhead {

namespace detail {
class event_stream;
class supervisor_state;
}  // namespace detail

/// Starts children, starts them again when they fail, and stops them in order.
///
/// The model is Erlang's supervisor; supervision_types.hpp and child_spec.hpp have every rule. Its
/// decisions are taken on the runtime's thread; nothing in it waits for a child but the calls that
/// say so.
/// @threads any; but on the runtime's own thread, where event handlers run by default and which is
/// what they would wait for, start, terminate_child, restart_child, shutdown and a join that would
/// wait throw unsupported: do it on another thread, or use begin_shutdown and async_wait.
/// @owns its children: the destructor is `shutdown()`; on the runtime's thread it only begins that.
/// The runtime outlives it.
class supervisor : public detail::async_supervisor_calls<supervisor> {
 public:
  /// @errors std::invalid_argument that names the field.
  explicit supervisor(runtime& rt, const supervisor_options& options = {});
  supervisor(const supervisor&) = delete;
  supervisor& operator=(const supervisor&) = delete;
  ~supervisor();

  /// Starts a child behind all others and waits until it is up.
  /// @returns a handle that watches and does not own, valid over restarts.
  /// @errors std::invalid_argument names the field; bulkhead::error start_failed with its exit
  /// status: nothing of it is kept; not_permitted: the name is taken, or this supervisor is ending
  /// or has ended; runtime_gone: the runtime was stopped meanwhile.
  template <class F, class... Args>
  process start(const child_spec& spec, const F& fn, Args&&... args) {
    return add(spec, detail::make_recipe(fn, std::forward<Args>(args)...));
  }

  process start(const child_spec& spec, const command& what) { return add(spec, what.recipe()); }

  /// Starts a supervisor as a child of this one, in this process, and waits until it is up: until
  /// `build(nested, args...)`, which starts its children on the supervisor that it is handed, has
  /// returned. It runs at every start of the nested supervisor, on a thread of its own.
  ///
  /// A nested supervisor that gives up has failed, like any child that crashes. It is stopped by
  /// its own shutdown, within `spec.shutdown`, `infinity` where none is given; brutal_kill kills
  /// its children. Its events come to this supervisor's handlers and stream too.
  /// @limits spec: `process` stays as it is, for it has none; `ready` means nothing. options:
  /// `name` means nothing, the child's is used. build: copied, like its arguments; no message.
  /// @errors as start; what `build` throws is start_failed with its text.
  /// @threads `build` may wait; a shutdown lets the starts in it fail, and waits until it returns.
  /// @owns the supervisor that `build` is handed is there until it returns.
  template <class Build, class... Args>
  requires(std::is_invocable_v<Build&, supervisor&, Args&...>) void start_supervisor(
      const child_spec& spec, const supervisor_options& options, Build build, Args... args) {
    nest(spec, options, [build = std::move(build), ... args = std::move(args)](supervisor& nested) {
      Build once = build;
      once(nested, Args(args)...);
    });
  }
  template <class Build, class... Args>
  requires(std::is_invocable_v<Build&, supervisor&, Args&...>) void start_supervisor(
      const child_spec& spec, Build build, Args... args) {
    start_supervisor(spec, supervisor_options{}, std::move(build), std::move(args)...);
  }

  /// The same in a process of its own, whose crash takes only what is below it: all of that has
  /// ended before it is started again.
  /// @limits spec.process as ever. build, args: as what `start` takes, behind the supervisor.
  /// @returns a handle to that process, as start does. It gave up: it ended by an exception.
  /// @crash its events that had not come here yet are lost with it, and beyond 1024 on their way
  /// the oldest are.
  template <class F, class... Args>
  requires(!std::is_same_v<F, supervisor_options>) process
      start_supervisor_process(const child_spec& spec, const supervisor_options& options,
                               const F& build, Args&&... args) {
    detail::nested_start how = begin_nested(spec, options);
    auto recipe = detail::make_supervisor_recipe(build, how, std::forward<Args>(args)...);
    return add_nested(spec, std::move(recipe), how);
  }
  template <class F, class... Args>
  requires(!std::is_same_v<F, supervisor_options>) process
      start_supervisor_process(const child_spec& spec, const F& build, Args&&... args) {
    return start_supervisor_process(spec, supervisor_options{}, build, std::forward<Args>(args)...);
  }

  /// Gives the one specification of a `strategy::dynamic` supervisor, whose children are started
  /// from what is returned, each as fn(common..., its own arguments...). Once.
  /// @limits common: values that can be copied, queues for instance.
  /// @errors std::invalid_argument that names the field; `strategy` where it is not dynamic.
  template <class F, class... Common>
  [[nodiscard]] dynamic_children<std::decay_t<F>, std::decay_t<Common>...> specify(
      const child_spec& spec, const F& fn, Common&&... common) {
    give(spec);
    return {state_, fn, {std::forward<Common>(common)...}};
  }
  [[nodiscard]] dynamic_children<command> specify(const child_spec& spec, const command& what) {
    give(spec);
    return {state_, what};
  }

  /// Stops a child; its specification stays, unless it is temporary or dynamic. Waits until it has
  /// ended. @errors std::invalid_argument: there is none of that name, or id; not_permitted: the
  /// supervisor is ending or has ended.
  void terminate_child(std::string_view name);
  void terminate_child(std::uint64_t id);
  template <class Which>
  void terminate_child(const Which& child, std::error_code& ec) {
    detail::reported(ec, [&] { terminate_child(child); });
  }
  /// Starts a stopped child again and waits until it is up. @errors as start and terminate_child;
  /// not_permitted: it is not stopped.
  void restart_child(std::string_view name);
  void restart_child(std::uint64_t id);
  template <class Which>
  void restart_child(const Which& child, std::error_code& ec) {
    detail::reported(ec, [&] { restart_child(child); });
  }
  /// Forgets a stopped child. @errors bulkhead::error not_permitted while it runs.
  void delete_child(std::string_view name);
  void delete_child(std::uint64_t id);
  template <class Which>
  void delete_child(const Which& child, std::error_code& ec) {
    detail::reported(ec, [&] { delete_child(child); });
  }

  /// One child as which_children lists it; nothing when there is none.
  [[nodiscard]] std::optional<child_info> find_child(std::string_view name) const;
  [[nodiscard]] std::optional<child_info> find_child(std::uint64_t id) const;
  /// The children, newest first. @returns one moment's view.
  [[nodiscard]] std::vector<child_info> which_children() const;
  [[nodiscard]] child_count count_children() const;

  /// Calls `handler` for every event from now on, one at a time, in order, on the runtime's
  /// executor. It takes the place of the one before; an empty one ends that. What it throws is told
  /// on standard error, and the next event comes all the same.
  void on_event(std::function<void(const supervision_event&)> handler);
  /// How many events async_next_event will never give, because nobody took them in time.
  [[nodiscard]] std::uint64_t missed_events() const;

  /// Stops all children in the reverse of their order, one at a time, each within its own
  /// `shutdown`, and ends. Waits for that.
  void shutdown();
  void shutdown(std::error_code& ec) {
    detail::reported(ec, [this] { shutdown(); });
  }
  /// Waits until the supervisor has ended. @returns why. @errors runtime_gone: its runtime was
  /// stopped first.
  end_reason join();
  end_reason join(std::error_code& ec) {
    return detail::reported(ec, [this] { return join(); });
  }
  /// @returns nothing when it has not ended, or not in that time.
  std::optional<end_reason> try_join() { return join_until({}); }
  std::optional<end_reason> try_join(std::error_code& ec) {
    return detail::reported(ec, [this] { return try_join(); });
  }
  template <class Rep, class Period>
  std::optional<end_reason> join_for(std::chrono::duration<Rep, Period> time) {
    return join_until(detail::time_after(time));
  }
  template <class Rep, class Period>
  std::optional<end_reason> join_for(std::chrono::duration<Rep, Period> time, std::error_code& ec) {
    return detail::reported(ec, [&] { return join_for(time); });
  }
  /// True when it has ended.
  [[nodiscard]] bool ended() const;
  /// What its events carry: its name behind those of the supervisors that it is nested in, with a
  /// slash between.
  [[nodiscard]] const std::string& path() const noexcept;

  [[nodiscard]] const std::shared_ptr<detail::event_stream>& events() const noexcept;

  /// Asks all children to stop, as `shutdown` does, and waits for nothing (async_shutdown does).
  void begin_shutdown();
  /// For the layers above: starts a child whose lives an observer follows from the start.
  process start_observed(const child_spec& spec, detail::start_recipe recipe,
                         std::shared_ptr<detail::child_observer> observer);
  [[nodiscard]] const std::shared_ptr<detail::supervisor_state>& state() const noexcept {
    return state_;
  }
  /// A handle to one that another handle owns, or a supervisor that it is nested in.
  explicit supervisor(std::shared_ptr<detail::supervisor_state> nested) noexcept;

 private:
  std::optional<end_reason> join_until(std::chrono::steady_clock::time_point deadline);
  void nest(const child_spec& spec, const supervisor_options& options,
            std::function<void(supervisor&)> build);
  [[nodiscard]] detail::nested_start begin_nested(const child_spec& spec,
                                                  const supervisor_options& options);
  process add_nested(const child_spec& spec, detail::start_recipe recipe,
                     const detail::nested_start& how);
  process add(const child_spec& spec, detail::start_recipe recipe);
  void give(const child_spec& every_child);

  std::shared_ptr<detail::supervisor_state> state_;
  bool owns_ = true;
};

}  // namespace bulkhead

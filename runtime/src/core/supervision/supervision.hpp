#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/backoff.hpp"
#include "core/supervision/child_table.hpp"
#include "core/supervision/commands.hpp"
#include "core/supervision/instant.hpp"
#include "core/supervision/refusal.hpp"
#include "core/supervision/restart_window.hpp"
#include "core/supervision/rules.hpp"

namespace bulkhead::core {

/// One supervisor's decisions: which child is started, restarted, stopped or killed, and when.
///
/// Pure: it is told what happens and what time it is, and answers with commands, which the caller
/// drains after each call and carries out in order. Times must not go back. After commands::ended
/// every input is ignored or refused. Whoever waits for a start waits for events::ready,
/// start_failed or stopped of that child; for a stop, for stopped.
/// @threads one at a time; the caller locks.
class supervision {
 public:
  /// @limits `options` passed check_supervisor. `path` is what events carry, the supervisor's own
  /// name included.
  supervision(const supervisor_options& options, std::string path, random_source random);

  struct new_child {
    child_spec spec;
    child_kind kind = child_kind::worker;
  };

  /// Starts the supervisor with these children, each once the one before it is up. If one fails,
  /// those already up are stopped in reverse and the supervisor ends with end_reason::start_failed.
  /// All is refused, or nothing.
  /// @limits at most once, before any add.
  [[nodiscard]] std::optional<refusal> start(const std::vector<new_child>& children, instant now);

  /// Adds a child behind all others and starts it at once. If its start fails nothing of it is
  /// kept.
  [[nodiscard]] std::variant<child_id, refusal> add(const new_child& child, instant now);

  /// Gives the specification that all children of a dynamic supervisor share. Each is called by its
  /// name, a hyphen and the child's id.
  /// @errors bad_value: the supervisor is not dynamic, or has one; as add.
  [[nodiscard]] std::optional<refusal> specify(const new_child& each);
  /// Adds a child of that specification, as add does.
  /// @errors not_found: there is none yet.
  [[nodiscard]] std::variant<child_id, refusal> add_dynamic(instant now);

  /// Stops a child. Its specification stays, unless it is temporary or dynamic. Nothing happens to
  /// one that is stopped.
  /// @errors not_found, starting, ending
  [[nodiscard]] std::optional<refusal> terminate(child_id id, instant now);
  /// Starts a stopped child again, with its past failures forgotten. If its start fails it stays
  /// stopped.
  /// @errors not_found, already_running, restarting, starting, ending
  [[nodiscard]] std::optional<refusal> restart(child_id id, instant now);
  /// Forgets a stopped child.
  /// @errors not_found, already_running, restarting, starting, ending
  [[nodiscard]] std::optional<refusal> remove(child_id id, instant now);
  /// Stops all children in the reverse of their order, one at a time, and ends.
  void shutdown(instant now);
  /// Ends as shutdown does, but every process is killed at once and none is asked.
  void abort(instant now);

  /// Reports of what became of a start. Those of a past incarnation, or of a child that has no
  /// process, are ignored.
  void started(child_id id, std::uint64_t incarnation, std::int32_t pid, instant now);
  void ready(child_id id, std::uint64_t incarnation, instant now);
  void start_failed(child_id id, std::uint64_t incarnation, const exit_status& why, instant now);
  /// Its watchdog has found it hung: its end follows, whose cause says so.
  void hung(child_id id, std::uint64_t incarnation, instant now);
  void exited(child_id id, std::uint64_t incarnation, const exit_status& status, instant now);

  /// Whether a child that runs, should it now end as `status` says, is started again in that
  /// moment, by itself and without a delay (restart_at_once.cpp).
  [[nodiscard]] bool restarts_at_once(child_id id, std::uint64_t incarnation,
                                      const exit_status& status, instant now) const;
  /// From when on that holds for every end that its rules call a failure, if nothing else happens;
  /// nothing: that is not to be foreseen.
  [[nodiscard]] std::optional<instant> restarts_at_once_from(child_id id, instant now) const;
  /// How many failures more the supervisor bears now.
  [[nodiscard]] std::size_t failures_left(instant now) const { return window_.room(now); }

  /// Does what is due. @limits call it at next_deadline(); earlier and later does no harm.
  void tick(instant now);
  [[nodiscard]] std::optional<instant> next_deadline() const { return children_.next_deadline(); }

  /// Hands over the commands since the last call.
  [[nodiscard]] std::vector<command> take_commands() { return std::exchange(commands_, {}); }

  [[nodiscard]] bool has_ended() const noexcept { return ended_; }
  [[nodiscard]] std::optional<child_id> find(std::string_view name) const;
  /// One child as which_children lists it; nothing when there is none.
  [[nodiscard]] std::optional<child_info> info(child_id id) const { return children_.info(id); }
  /// What a child is doing; nothing when there is none of that name.
  [[nodiscard]] std::optional<child_state> doing(std::string_view name) const;
  [[nodiscard]] std::vector<child_info> which_children() const {
    return children_.which_children();
  }
  [[nodiscard]] child_count count_children() const { return children_.count_children(); }

 private:
  // Requests.
  [[nodiscard]] std::optional<refusal> closed_for_requests() const;
  [[nodiscard]] std::optional<refusal> check_new(const new_child& child) const;
  [[nodiscard]] std::optional<refusal> check_rules(const child_spec& spec) const;
  [[nodiscard]] std::optional<refusal> not_stopped(const child& c) const;
  void start_next_of_first(instant now);

  // Children of one specification (dynamic_children.cpp). One that is not started again is
  // forgotten: nobody could name what it was started with.
  [[nodiscard]] bool is_forgotten_when_stopped(const child& c) const noexcept {
    return c.rules.restart == restart::temporary || strategy_ == strategy::dynamic;
  }

  // A child's life.
  [[nodiscard]] child* current(child_id id, std::uint64_t incarnation);
  void begin_start(child& c, start_cause cause, instant now);
  void up(child& c, instant now);
  void end_of_start(child& c, const exit_status& status, instant now);
  void end_of_run(child& c, const exit_status& status, instant now);
  void count_failure(child& c, const exit_status& status, instant now);
  void begin_stop(child& c, instant now);
  void end_of_stop(child& c, instant now);
  void forget(child& c, instant now);
  void thaw(child& c, instant now);
  void end_if_significant(bool was_significant, instant now);

  [[nodiscard]] const child* running_alone(child_id id) const;

  // A group's restart (group_restart.cpp).
  [[nodiscard]] bool restarts_groups() const noexcept {
    return strategy_ == strategy::one_for_all || strategy_ == strategy::rest_for_one;
  }
  void begin_group_restart(child& failed, std::chrono::nanoseconds delay, instant now);
  void stopped_for_group(child& c, instant now);
  void go_on_with_group(instant now);

  // The supervisor's own end.
  void end(end_reason reason, instant now);
  void stop_all(instant now);
  void stop_next(instant now);

  template <class What>
  void emit(const child& c, instant now, What what) {
    commands_.emplace_back(commands::emit{supervision_event{.time = now,
                                                            .supervisor = path_,
                                                            .child = c.rules.name,
                                                            .pid = c.pid,
                                                            .incarnation = c.incarnation,
                                                            .what = std::move(what)}});
  }

  strategy strategy_;
  auto_shutdown auto_shutdown_;
  std::string path_;
  random_source random_;
  restart_window window_;
  std::optional<child_rules> every_child_;  // What dynamic children share.
  child_table children_;
  std::vector<command> commands_;
  std::deque<new_child> first_;  // Children of the supervisor's own start whose turn has not come.
  bool starting_ = false;        // That start is not over.
  std::optional<end_reason> ending_;
  child_id newest_to_stop_ = 0;  // While ending: no child after it has a process.
  bool ended_ = false;
  child_id group_starts_ = 0;  // The child of a group that was started last; 0: none yet.
  instant group_not_before_;   // No child of the group is started earlier.
};

}  // namespace bulkhead::core

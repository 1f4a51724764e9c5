#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <bulkhead/supervisor.hpp>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "core/supervision/supervision.hpp"
#include "event_stream.hpp"
#include "nested_child.hpp"
#include "process_state.hpp"
#include "runtime_state.hpp"
#include "standby_crew.hpp"
#include "unasked_start.hpp"

namespace bulkhead::detail {

/// The time, as the state machine is told it.
inline core::instant now() { return std::chrono::steady_clock::now(); }

/// A supervisor: the pure state machine, and the processes that its commands are about.
/// @threads its public functions may be called from any thread but the runtime's, on which all of
/// it runs.
class supervisor_state : public std::enable_shared_from_this<supervisor_state> {
 public:
  /// Of that path, which ends with its name.
  supervisor_state(runtime& rt, const supervisor_options& options, std::string path);

  std::shared_ptr<process_state> add(const child_spec& spec, start_recipe recipe,
                                     std::shared_ptr<child_observer> observer = nullptr);
  void nest(const child_spec& spec, supervisor_options options,
            std::function<void(supervisor&)> build);
  nested_start begin_nested(const child_spec& spec, supervisor_options options);
  std::shared_ptr<process_state> add_nested(const child_spec& spec, start_recipe recipe,
                                            const nested_start& how);
  void specify(const child_spec& spec);
  std::shared_ptr<process_state> add_dynamic(start_recipe recipe);
  void terminate(std::string_view name);
  void terminate(core::child_id id);
  void restart(std::string_view name);
  void restart(core::child_id id);
  void remove(std::string_view name);
  void remove(core::child_id id);
  std::optional<child_info> find_child(std::string_view name);
  std::optional<child_info> find_child(core::child_id id);
  std::vector<child_info> which_children();
  child_count count_children();
  void on_event(std::function<void(const supervision_event&)> handler);
  /// Gives every event to `where`, on the runtime's thread. Before others have it.
  void send_events(std::function<void(const supervision_event&)> where) {
    upward_ = std::move(where);
  }
  void begin_shutdown();
  /// The same, for a destructor on the runtime's thread: it lives on until it has ended.
  void end_alone();
  [[nodiscard]] bool is_told_here() const { return rt_->runs_here(); }
  /// @errors unsupported: on the runtime's thread.
  void shutdown();
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  end_reason join();
  /// @returns nothing when it has not ended by then.
  std::optional<end_reason> join_until(core::instant deadline);
  [[nodiscard]] bool ended() const;
  [[nodiscard]] const std::shared_ptr<event_stream>& events() const noexcept { return stream_; }

 private:
  struct child {
    core::child_id id = 0;
    start_recipe recipe;  // Empty once no other start can come.
    std::shared_ptr<const child_spec> spec;
    std::shared_ptr<process_state> process;
    std::uint64_t resume_key = 0;          // 0: it has no process.
    std::shared_ptr<nested_child> nested;  // A supervisor in this process.
    std::shared_ptr<event_inlet> inlet;    // A supervisor in another.
    std::shared_ptr<child_observer> observer;
    std::unique_ptr<standby_crew> crew;         // Where it has spares.
    std::shared_ptr<const foreseen_ends> ends;  // Where the keeper may start it unasked.
    core::instant may_follow_from;              // Its place in to_follow_.
    std::shared_ptr<unasked_start> successor;   // Started by the keeper for the next start.
  };
  // Somebody waits for what becomes of a child's start or stop; a status says that a start failed.
  struct waiter {
    std::string name;
    bool for_stop = false;
    std::promise<std::optional<exit_status>> result;
  };

  /// For texts.
  [[nodiscard]] std::string label() const;

  using answer_to_come = std::future<std::optional<exit_status>>;

  // Brings `fn` to the runtime's thread and its result or exception back. An event handler may run
  // there, and whoever else calls from there.
  template <class Fn>
  auto call(Fn fn) -> decltype(fn()) {
    static_cast<void>(rt_->context());  // throws where nothing runs there
    if (rt_->runs_here()) return fn();
    const auto task = std::make_shared<std::packaged_task<decltype(fn())()>>(std::move(fn));
    auto result = task->get_future();
    boost::asio::post(rt_->loop(), [task] { (*task)(); });
    return rt_->await(std::move(result));
  }
  std::shared_ptr<process_state> add(const child_spec& spec, child_kind kind, child entry);
  [[nodiscard]] std::shared_ptr<const foreseen_ends> ends_of(const child_spec& spec) const;
  answer_to_come enter(core::child_id id, child entry);
  answer_to_come begin_terminate(std::string_view name);
  answer_to_come begin_restart(std::string_view name);
  void begin_remove(std::string_view name);
  answer_to_come expect(std::string_view name, bool for_stop);
  template <class Fn>
  std::optional<exit_status> call_and_wait(const char* doing, Fn fn);
  void answer(const supervision_event& event);
  child_info with_spares(child_info info);
  std::optional<child_info> info(std::optional<core::child_id> id);
  core::child_id id_of(std::string_view name) const;
  std::string name_of(core::child_id id);
  child* find(core::child_id id);
  void forget_arguments(child& who);

  void run();
  void arm();
  void execute(const core::commands::start& c);
  void start_process(child& who, std::uint64_t incarnation);
  runtime_state::start_order order_for(const child& who, std::uint64_t incarnation) const;
  void execute(const core::commands::request_stop& c);
  void execute(const core::commands::kill& c);
  void execute(const core::commands::emit& c);
  void execute(const core::commands::all_started& /*c*/) {}
  void execute(const core::commands::ended& c);
  void told_of_up(core::child_id id, std::uint64_t incarnation, os::control::kind what);
  void told_of_end(core::child_id id, std::uint64_t incarnation, const os::control::exited& event);
  void told_of_end(core::child_id id, std::uint64_t incarnation, const exit_status& status);
  void record(const supervision_event& event);
  template <class What>
  void emit(const child& who, pid_t pid, What what) {
    execute(core::commands::emit{supervision_event{.time = now(),
                                                   .supervisor = path_,
                                                   .child = who.process->name(),
                                                   .pid = pid,
                                                   .incarnation = who.process->incarnation(),
                                                   .what = std::move(what)}});
  }
  template <class Fn>
  void on_executor(const char* who, Fn fn);
  void drop(const std::string& name, end_reason::kind_type why = end_reason::shutdown);
  void tell_rest(std::uint64_t resume_key);

  // Spares (supervisor_standby.cpp).
  void start_spare(child& who);
  bool begin_with_spare(child& who, std::uint64_t incarnation, bool announced);
  void told_of_waiting(core::child_id id, std::uint32_t serial);
  void told_of_spare(core::child_id id, const unasked_start& spare, const exit_status& status);
  void dismiss_spares(child& who);
  void tend_spares(child& who);
  void tend();
  void end_if_alone();

  // What the keeper starts (supervisor_unasked.cpp).
  void note_up(child& who);
  void note_down(child& who);
  void forbid_follow(child& who);
  void tell_follow(const child& who, std::uint64_t next);
  std::optional<core::instant> tend_follows();
  bool accept_successor(child& who, std::uint64_t incarnation, const os::control::exited& event);
  std::shared_ptr<unasked_start> take_in(child& who, const os::control::exited& event);
  void become_child(child& who, unasked_start& next, std::uint64_t incarnation);
  void begin_with(child& who, unasked_start& next, std::uint64_t incarnation, bool announced);
  void give_up_successor(child& who) noexcept;
  void end_unasked(std::uint32_t serial) noexcept;
  void told_of_end(core::child_id id, const std::shared_ptr<unasked_start>& member,
                   const os::control::exited& event);

  // Children that are supervisors (supervisor_nested.cpp).
  void start_nested(child& who, std::uint64_t incarnation);
  static void stop_nested(nested_child& n, bool by_killing);
  void told_of_build(core::child_id id, std::uint64_t incarnation, const std::string& failure);
  void end_nested(core::child_id id, std::uint64_t incarnation);
  void listen_to(const std::shared_ptr<event_inlet>& inlet);

  runtime* home_;
  std::shared_ptr<runtime_state> rt_;
  std::string path_;
  core::random_source random_;
  core::supervision machine_;
  std::shared_ptr<const child_spec> every_child_;  // What dynamic children share.
  std::shared_ptr<const foreseen_ends> every_childs_ends_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer standby_timer_;
  std::set<core::child_id> with_standbys_;
  std::size_t spares_alive_ = 0;
  std::set<core::child_id> followed_;  // Those that the keeper may start again unasked.
  // Others of which that may be so, and from when on.
  std::set<std::pair<core::instant, core::child_id>> to_follow_;
  const bool is_for_groups_;               // Others are stopped first: nothing is started at once.
  std::optional<end_reason> end_to_come_;  // When no spare is left.
  std::map<std::string, child, std::less<>> children_;
  std::map<core::child_id, child*> by_id_;
  std::list<waiter> waiters_;
  std::function<void(const supervision_event&)> handler_;
  std::shared_ptr<event_stream> stream_;
  std::function<void(const supervision_event&)> upward_;
  std::function<void()> at_end_;
  bool running_ = false;
  std::promise<end_reason> end_;
  std::shared_future<end_reason> ended_;
};

}  // namespace bulkhead::detail

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

#include "core/supervision/supervision.hpp"
#include "event_stream.hpp"
#include "process_state.hpp"
#include "runtime_state.hpp"

namespace bulkhead::detail {

/// The time, as the state machine is told it.
inline core::instant now() { return std::chrono::steady_clock::now(); }

/// A supervisor: the pure state machine, and the processes that its commands are about.
/// @threads its public functions may be called from any thread but the runtime's, on which all of
/// it runs.
class supervisor_state : public std::enable_shared_from_this<supervisor_state> {
 public:
  supervisor_state(std::shared_ptr<runtime_state> rt, const supervisor_options& options);

  std::shared_ptr<process_state> add(const child_spec& spec, start_recipe recipe);
  void specify(const child_spec& spec);
  std::shared_ptr<process_state> add_dynamic(start_recipe recipe);
  void terminate(std::string_view name);
  void terminate(core::child_id id);
  void restart(std::string_view name);
  void remove(std::string_view name);
  std::optional<child_info> find_child(std::string_view name);
  std::optional<child_info> find_child(core::child_id id);
  std::vector<child_info> which_children();
  child_count count_children();
  void on_event(std::function<void(const supervision_event&)> handler);
  void shutdown();
  end_reason join() { return ended_.get(); }
  [[nodiscard]] bool ended() const;
  [[nodiscard]] const std::shared_ptr<event_stream>& events() const noexcept { return stream_; }

 private:
  struct child {
    core::child_id id = 0;
    start_recipe recipe;  // Empty once no other start can come.
    std::shared_ptr<const child_spec> spec;
    std::shared_ptr<process_state> process;
    std::uint64_t resume_key = 0;
  };
  // Somebody waits for what becomes of a child's start or stop; a status says that a start failed.
  struct waiter {
    std::string name;
    bool for_stop = false;
    std::promise<std::optional<exit_status>> result;
  };

  using answer_to_come = std::future<std::optional<exit_status>>;

  // Brings `fn` to the runtime's thread and its result or exception back.
  template <class Fn>
  auto call(Fn fn) -> decltype(fn()) {
    static_cast<void>(rt_->context());  // throws where nothing runs there
    std::packaged_task<decltype(fn())()> task(std::move(fn));
    auto result = task.get_future();
    boost::asio::post(rt_->loop(), [&task] { task(); });
    return result.get();
  }
  answer_to_come enter(core::child_id id, child entry);
  answer_to_come begin_terminate(std::string_view name);
  answer_to_come expect(std::string_view name, bool for_stop);
  void answer(const supervision_event& event);
  core::child_id id_of(std::string_view name) const;
  child* find(core::child_id id);
  void forget_arguments(child& who);

  void run();
  void arm();
  void execute(const core::commands::start& c);
  void execute(const core::commands::request_stop& c);
  void execute(const core::commands::kill& c);
  void execute(const core::commands::emit& c);
  void execute(const core::commands::all_started& /*c*/) {}
  void execute(const core::commands::ended& c);
  void told_of_up(core::child_id id, std::uint64_t incarnation, os::control::kind what);
  void told_of_end(core::child_id id, std::uint64_t incarnation, const os::control::exited& event);
  void hand_to_user(const supervision_event& event);
  void drop(const std::string& name);
  void tell_rest(std::uint64_t resume_key);

  std::shared_ptr<runtime_state> rt_;
  core::supervision machine_;
  std::shared_ptr<const child_spec> every_child_;  // What dynamic children share.
  boost::asio::steady_timer timer_;
  std::map<std::string, child, std::less<>> children_;
  std::map<core::child_id, child*> by_id_;
  std::list<waiter> waiters_;
  std::function<void(const supervision_event&)> handler_;
  std::shared_ptr<event_stream> stream_;
  bool running_ = false;
  std::promise<end_reason> end_;
  std::shared_future<end_reason> ended_;
};

}  // namespace bulkhead::detail

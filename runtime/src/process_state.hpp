#pragma once

#include <bulkhead/process.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

#include "os/unique_fd.hpp"

namespace bulkhead::detail {

class runtime_state;

/// What the handles to one child share: its current incarnation, and how it ended.
class process_state : public std::enable_shared_from_this<process_state> {
 public:
  process_state(std::weak_ptr<runtime_state> owner, std::string name, shutdown_rule shutdown)
      : owner_(std::move(owner)), name_(std::move(name)), shutdown_(shutdown) {}

  /// A state of its own for one incarnation of `of`. @errors stale_incarnation: not that one.
  static std::shared_ptr<process_state> only(process_state& of, std::uint64_t incarnation);

  /// Its id in its supervisor; before others have the handle.
  void set_child_id(std::uint64_t id) noexcept { child_id_ = id; }
  [[nodiscard]] std::uint64_t child_id() const noexcept { return child_id_; }

  void begin(std::uint32_t serial, pid_t pid, std::uint64_t incarnation);
  /// The incarnation has ended.
  void end(const exit_status& status);
  /// No other incarnation follows.
  void finish();

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] shutdown_rule shutdown() const noexcept { return shutdown_; }
  [[nodiscard]] pid_t pid() const;
  [[nodiscard]] std::uint64_t incarnation() const;
  /// Of the current incarnation's process, or the last one's.
  [[nodiscard]] std::uint32_t serial() const;
  [[nodiscard]] bool is_over() const;
  /// Why its end will not be told here, as runtime_state::why_silent; no error where it will be.
  [[nodiscard]] std::error_code why_untold() const;
  /// The same, but no error where it was told.
  [[nodiscard]] std::error_code why_in_vain() const;
  /// Waits until it ended for good. @errors unsupported: on the runtime's thread, which is what it
  /// would wait for.
  exit_status join();
  std::optional<exit_status> join_until(std::chrono::steady_clock::time_point deadline);
  /// True on the thread on which its end is told.
  [[nodiscard]] bool is_told_here() const;
  /// Kills it at the end of that time, if it still runs then, without waiting.
  void kill_after(std::chrono::milliseconds time);
  void request_stop();
  /// Rings an eventfd when it has ended for good, until `unwatch`. @returns false: it has.
  [[nodiscard]] bool watch(int bell);
  void unwatch(int bell);
  void signal(int number);
  /// A pidfd of the current process. @errors as process::pidfd.
  [[nodiscard]] os::unique_fd open();
  /// An eventfd that is rung when it has ended for good. @errors std::system_error.
  [[nodiscard]] int bell();
  [[nodiscard]] std::shared_ptr<runtime_state> owner() const { return owner_.lock(); }

 private:
  void refuse_to_wait_here() const;
  template <class Ask>
  void ask_owner(Ask ask);
  /// The serial of the current process; nothing where there is none.
  /// @errors stale_incarnation: of one incarnation, which has ended.
  [[nodiscard]] std::optional<std::uint32_t> running() const;

  std::weak_ptr<runtime_state> owner_;
  std::string name_;
  shutdown_rule shutdown_;
  std::uint64_t child_id_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint32_t serial_ = 0;
  pid_t pid_ = 0;  // 0: no process now
  std::uint64_t incarnation_ = 0;
  exit_status status_;
  bool over_ = false;
  std::weak_ptr<process_state>
      single_;              // For the present incarnation, where somebody asked for it.
  bool is_single_ = false;  // That is what we are: afterwards all is stale.
  std::vector<int> watchers_;
  os::unique_fd bell_;
};

}  // namespace bulkhead::detail

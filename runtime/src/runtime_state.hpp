#pragma once

#include <unistd.h>
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <bulkhead/errc.hpp>
#include <bulkhead/runtime.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "attachments.hpp"
#include "given_endpoints.hpp"
#include "os/channel.hpp"
#include "os/keeper_link.hpp"
#include "os/unique_fd.hpp"
#include "process_state.hpp"
#include "process_tally.hpp"

namespace bulkhead::detail {

class call_desk;
class process_context;
class succession;

/// A runtime: the membership of this process in its tree, and the one thread on which ends of
/// children are told.
/// @threads any, but where said otherwise.
class runtime_state : public std::enable_shared_from_this<runtime_state> {
 public:
  using end_handler = std::function<void(const os::control::exited&)>;
  using up_handler = std::function<void(os::control::kind)>;  ///< entered, ready, hung or waiting

  /// What is started: a recipe, under a name, as an incarnation of a supervised child (key not 0)
  /// or not.
  struct start_order {
    std::string name;
    std::uint64_t resume_key = 0;
    std::uint64_t incarnation = 1;
    const start_recipe* recipe = nullptr;
    const spawn_options* options = nullptr;
    bool announce = false;  ///< `at_up` is wanted.
    bool is_spare = false;
    bool may_follow = false;  ///< The keeper may be told to do it again (follow).
    void (*prepare)() = nullptr;
    std::optional<os::control::watch> watch;
  };
  /// What an inherited runtime was given by name.
  struct inheritance {
    std::vector<named_legacy> names;
    std::unique_ptr<given_endpoints> endpoints;
  };
  struct started {
    std::uint32_t serial = 0;
    pid_t pid = 0;
  };

  /// The host's: the keeper is started at first use.
  explicit runtime_state(boost::asio::any_io_executor executor,
                         std::shared_ptr<log_sink> log = nullptr);
  /// A child's.
  explicit runtime_state(std::shared_ptr<process_context> context);
  ~runtime_state();

  /// The membership, begun at the first call.
  process_context& context();
  /// Begins the membership and the thread, where they are not there yet.
  void ensure_running();
  /// The thread's own context; what runs on it must not wait for other things that run on it.
  [[nodiscard]] boost::asio::io_context& loop() noexcept { return loop_; }
  /// False in a forked copy of the process.
  [[nodiscard]] bool usable();
  /// True when the user's handlers run on the thread.
  [[nodiscard]] bool runs_itself() const noexcept { return !executor_; }
  /// Where the user's handlers run.
  [[nodiscard]] boost::asio::any_io_executor executor();

  /// Starts a process. `at_end` runs once, on the thread, after everything that the process held
  /// was recovered.
  /// `at_up` runs there before it, when the process enters its function, when it says that it is
  /// ready, and when it is being ended because it hangs.
  started start(const start_order& order, end_handler at_end, up_handler at_up = {});
  /// A process that the keeper has started for us unasked: as start says. On the thread.
  void take_in(std::uint32_t serial, end_handler at_end, up_handler at_up) {
    expect(serial, std::move(at_end), std::move(at_up));
  }
  /// Waits for what is set on the thread. Once the thread has ended, whatever it was to run holds
  /// nothing of the caller's any more.
  /// @errors runtime_gone: the runtime was stopped first.
  template <class T>
  T await(std::future<T> coming) {
    while (coming.wait_for(stop_recheck) != std::future_status::ready) {
      // Acquire: what the thread set is there when its end is seen.
      if (!thread_has_ended_.load(std::memory_order_acquire)) continue;
      if (coming.wait_for(std::chrono::seconds(0)) == std::future_status::ready) break;
      throw error(errc::runtime_gone, "the runtime was stopped while this was waited for");
    }
    return coming.get();
  }
  /// True on the thread.
  [[nodiscard]] bool runs_here() noexcept { return loop_.get_executor().running_in_this_thread(); }
  /// Where supervisors log; nullptr: nowhere.
  [[nodiscard]] const std::shared_ptr<log_sink>& log() const noexcept { return log_; }
  /// Keeps something until `let_go`, or until nothing more is told. @threads the runtime's.
  void keep(std::shared_ptr<const void> what) { kept_.insert(std::move(what)); }
  void let_go(const std::shared_ptr<const void>& what) { kept_.erase(what); }
  void inherit(inheritance what) { inheritance_ = std::move(what); }
  [[nodiscard]] inherited_value find_endpoint(std::string_view name,
                                              std::uint64_t fingerprint) const;
  void request_stop(std::uint32_t serial);
  void signal(std::uint32_t serial, int number);
  /// A pidfd of a child, `name` for texts.
  /// @errors stale_incarnation: it has ended; std::system_error EMFILE: no descriptor free here.
  [[nodiscard]] os::unique_fd open_child(std::uint32_t serial, const std::string& name);
  void forget(std::uint64_t resume_key);
  /// Makes a spare that waits its child's next incarnation.
  /// @errors stale_incarnation: it does not wait, or has ended; as start.
  started promote(std::uint32_t serial, std::uint64_t incarnation);
  /// Says what the keeper is to do at a child's end without asking.
  void follow(const os::control::follow& rule) noexcept;
  /// No next incarnation of a child is on its way.
  void rest(std::uint64_t resume_key);
  /// @returns a key for the incarnations of a supervised child.
  std::uint64_t new_resume_key();

  /// The other programs' trees that this process takes part in.
  [[nodiscard]] detail::attachments& attachments() noexcept { return attachments_; }

  /// The calls of this runtime. @errors as a queue's making.
  std::shared_ptr<call_desk> calls(bulkhead::runtime& rt);

  [[nodiscard]] const process_tally& tally() const noexcept { return tally_; }

  void stop();
  /// Why nobody will be told of an end: runtime_gone: it was stopped. not_initialised: this is a
  /// forked copy.
  [[nodiscard]] std::error_code why_silent();

 private:
  // Who waits for the thread is told of nothing when it ends.
  static constexpr std::chrono::milliseconds stop_recheck{100};

  void begin();
  void listen();
  void run();
  void wait_for_event();
  void deliver(const os::child_event& told);
  void expect(std::uint32_t serial, end_handler at_end, up_handler at_up);
  void hear(os::channel events);
  void follow_keeper();
  void forget_expected();
  void tell_lost(std::uint32_t serial, end_handler at_end,
                 death_cause cause = death_cause::parent_gone);
  [[nodiscard]] std::unique_lock<std::mutex> lock_here();

  boost::asio::any_io_executor executor_;
  std::shared_ptr<log_sink> log_;
  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  detail::attachments attachments_{loop_};
  const pid_t home_ = ::getpid();
  std::mutex mutex_;
  std::shared_ptr<process_context> context_;
  std::shared_ptr<succession> succession_;  // the host's
  std::uint64_t keeper_generation_ = 1;     // of what is heard now
  std::uint32_t first_serial_ = 0;          // processes with a lower one are no more
  os::channel events_;
  std::optional<boost::asio::posix::stream_descriptor> readable_;
  std::thread thread_;
  std::atomic<bool> thread_has_ended_{false};
  bool stopped_ = false;
  struct expected {
    end_handler at_end;
    up_handler at_up;
    bool is_hung = false;
  };
  std::map<std::uint32_t, expected> expected_;
  // Told before `start` knew the serial.
  std::map<std::uint32_t, std::vector<os::child_event>> early_;
  std::set<std::shared_ptr<const void>> kept_;
  process_tally tally_;
  inheritance inheritance_;
  std::mutex calls_mutex_;  // held while the desk is made
  std::shared_ptr<call_desk> calls_;
  std::uint64_t last_key_ = 0;
};

}  // namespace bulkhead::detail

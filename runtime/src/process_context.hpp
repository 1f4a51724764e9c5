#pragma once

#include <bulkhead/errc.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "os/barrier.hpp"
#include "os/directory_memory.hpp"
#include "os/fork_guard.hpp"
#include "os/keeper_link.hpp"

namespace bulkhead::os {
class pipe_memory;
}

namespace bulkhead::detail {

class pipe_state;
class process_heart;
class queue_state;
class runtime_state;

/// This process's membership in a tree: its line to the keeper, its entry in the directory and the
/// queues that it knows. Everything of this library that a process holds keeps it alive.
///
/// A process is a member of its own tree, and of each whose queues it attached to; these end before
/// it when their owner does.
class process_context : public std::enable_shared_from_this<process_context> {
 public:
  struct identity {
    std::uint32_t serial = 0;
    std::uint32_t entry = 0;
    std::uint64_t incarnation = 1;
    std::string name = "host";
  };

  process_context(identity who, os::unique_fd control, os::unique_fd directory);
  /// In another program's tree, of that name. `home` is the process's own membership: who is asked
  /// to stop there is to stop here too.
  process_context(identity who, os::channel control, std::shared_ptr<process_context> home,
                  std::uint64_t tree);
  process_context(const process_context&) = delete;
  process_context& operator=(const process_context&) = delete;
  ~process_context();

  /// False in a forked copy of the process, where nothing may be touched, and when the membership
  /// is over.
  [[nodiscard]] bool usable() const noexcept { return guard_.stands(); }
  [[nodiscard]] bool in_original_process() const noexcept { return guard_.in_original_process(); }
  /// Why it is not usable: not_initialised in a forked copy, else what `end` was told.
  [[nodiscard]] errc why_unusable() const noexcept;
  /// Throws that.
  void check_usable() const;
  /// Ends the membership: every call from now on fails with `why`, and those that wait end.
  void end(errc why) noexcept;
  /// Lets all waits in this process look again.
  void rouse() noexcept;
  /// Keeps something as long as the membership is held. Once, before others have it.
  void keep(std::shared_ptr<void> what) noexcept { kept_ = std::move(what); }
  /// The other program's tree; 0: its own.
  [[nodiscard]] std::uint64_t tree() const noexcept { return tree_; }
  [[nodiscard]] const identity& who() const noexcept { return who_; }
  /// Of a spare that has become the child. Before the child's function runs.
  void set_incarnation(std::uint64_t incarnation) noexcept { incarnation_.store(incarnation); }
  [[nodiscard]] std::uint64_t incarnation() const noexcept { return incarnation_.load(); }
  [[nodiscard]] bool stop_requested() const noexcept {
    return stop_->load(std::memory_order_acquire) != 0;
  }
  [[nodiscard]] const std::atomic<std::uint32_t>& stop_word() const noexcept { return *stop_; }
  /// What other processes of the tree do is seen by this one after it.
  void heavy_barrier() const noexcept { platform_.heavy_barrier(); }
  /// Waits until somebody asks this process to stop, or `deadline`.
  void wait_for_stop(os::deadline until) const;

  [[nodiscard]] os::keeper_link& keeper() noexcept { return link_; }

  /// From now on what happens here is told to the heart of this process. Once, before others have
  /// it.
  void show_to(process_heart& heart) noexcept;
  /// @returns nullptr: nobody watches this process.
  [[nodiscard]] process_heart* heart() const noexcept { return heart_; }

  /// The runtime of this membership, while it is there. Set once, before anything is made.
  void set_owner(std::weak_ptr<runtime_state> rt) noexcept { owner_ = std::move(rt); }
  [[nodiscard]] std::shared_ptr<runtime_state> owner() const { return owner_.lock(); }

  /// A queue of this process; the same object for all its handles.
  std::shared_ptr<queue_state> make_queue(const os::control::make_queue& wanted);
  std::shared_ptr<queue_state> dead_letters_of(std::uint64_t queue, std::uint64_t fingerprint);
  /// The queue that the keeper gave, with its descriptors.
  std::shared_ptr<queue_state> known(const os::control::queue_reply& reply,
                                     std::vector<os::unique_fd>& descriptors);
  /// The same for who holds `pause()`: no handle comes or goes meanwhile.
  std::shared_ptr<queue_state> known_locked(const os::control::queue_reply& reply,
                                            std::vector<os::unique_fd>& descriptors);
  [[nodiscard]] std::unique_lock<std::mutex> pause() { return std::unique_lock(mutex_); }
  /// One that came with the process's arguments: the seat is there.
  std::shared_ptr<queue_state> adopt(std::uint64_t queue, std::string name, os::unique_fd segment,
                                     os::unique_fd (&bells)[2]);
  /// @returns nullptr when this process holds no handle to it.
  std::shared_ptr<queue_state> find(std::uint64_t queue);

  /// A queue that a message names, perhaps as a sender: one that this process knows, else the
  /// keeper gives it.
  /// @returns nullptr: `ec` says why; errc::closed: there is no such queue.
  std::shared_ptr<queue_state> open_queue(std::uint64_t queue, std::error_code& ec);
  /// Announces the endpoints in messages that are about to be published. Pipe ends leave this
  /// process with that.
  std::error_code carry(const os::control::carry& messages);
  /// What the keeper said when it refused this thread's last message with endpoints in that queue
  /// or pipe, for the text of an exception: " (a sentence)", once; else nothing.
  [[nodiscard]] static std::string take_refusal(std::uint64_t carrier, const std::error_code& code);
  /// Held by who sends a message with endpoints through a pipe: two that sent an end through the
  /// other's would wait for one another.
  [[nodiscard]] std::mutex& carrying() noexcept { return carrying_; }
  /// They were not published after all; `ends` are the names in them.
  void take_back(const os::control::carry& messages, std::span<const std::uint64_t> names);
  /// A pipe end that a message names. @returns nullptr: `ec` says why; errc::closed: somebody else
  /// has it, or it was closed.
  std::shared_ptr<pipe_state> claim_end(std::uint64_t end, std::error_code& ec);
  /// A pipe, whose ends are both this process's.
  std::pair<std::shared_ptr<pipe_state>, std::shared_ptr<pipe_state>> make_pipe(
      const os::control::make_pipe& wanted);
  /// An end that came with the process's arguments: its memory, then what is there now.
  [[nodiscard]] std::shared_ptr<os::pipe_memory> map_end(os::unique_fd segment,
                                                         os::unique_fd (&bells)[2]);
  std::shared_ptr<pipe_state> adopt_end(std::uint64_t end, std::string name,
                                        std::shared_ptr<os::pipe_memory> memory) {
    return add_end(end, std::move(name), std::move(memory));
  }
  /// @returns nullptr when this process has no handle to the end.
  std::shared_ptr<pipe_state> find_end(std::uint64_t end);
  [[nodiscard]] os::control::peer_reply peer_of(std::uint64_t end);
  /// This process has no use for its end any more, unless it passed it on.
  void leave_end(std::uint64_t end) noexcept;

  /// Asks for a seat. @returns nothing and errc::full while all are taken but some will become
  /// free.
  std::optional<os::control::seat_reply> join_queue(std::uint64_t queue, std::error_code& ec);
  /// Has the keeper bury what was set aside in a queue. Should it not hear of it, the next recovery
  /// there does.
  void bury(const os::control::used_up& message) noexcept;
  /// Has the keeper look when the messages are due that were released with a delay. Should it not
  /// hear of it, the next recovery there does.
  void announce_deadline(std::uint64_t queue) noexcept;
  /// Who has the seats of a queue.
  std::vector<os::control::seat_holder> holders_of(std::uint64_t queue);
  /// The last handle to a queue is gone.
  void queue_let_go(std::uint64_t queue) noexcept;

 private:
  std::vector<std::shared_ptr<pipe_state>> ends_in(std::span<const std::uint64_t> names);
  std::shared_ptr<queue_state> adopt_locked(std::uint64_t queue, std::string name,
                                            os::unique_fd segment, os::unique_fd (&bells)[2],
                                            bool is_given = true);
  std::shared_ptr<os::pipe_memory> map_pipe(std::vector<os::unique_fd>& descriptors,
                                            const std::string& name, std::uint64_t end);
  std::shared_ptr<pipe_state> add_end(std::uint64_t end, std::string name,
                                      std::shared_ptr<os::pipe_memory> memory);
  void leave_queue(std::uint64_t queue) noexcept;

  /// A queue by its handles, and the object that they share, which deliveries may keep longer.
  struct known_queue {
    std::weak_ptr<queue_state> handle;
    std::weak_ptr<queue_state> state;
  };
  static std::shared_ptr<queue_state> handle_to(known_queue& queue);

  const identity who_;
  std::atomic<std::uint64_t> incarnation_;
  os::fork_guard guard_;
  core::platform platform_;
  process_heart* heart_ = nullptr;
  os::keeper_link link_;
  std::optional<os::directory_memory> directory_;
  std::shared_ptr<process_context> home_;
  std::uint64_t tree_ = 0;
  const std::atomic<std::uint32_t>* stop_;  // ours in the directory
  std::atomic<errc> ended_{};
  std::shared_ptr<void> kept_;
  std::weak_ptr<runtime_state> owner_;
  std::mutex carrying_;
  std::mutex mutex_;
  std::map<std::uint64_t, known_queue> queues_;
  std::map<std::uint64_t, std::weak_ptr<pipe_state>> ends_;
};

}  // namespace bulkhead::detail

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/recovery.hpp"
#include "os/control.hpp"
#include "os/keeper/carried_queues.hpp"
#include "os/keeper/depositor.hpp"
#include "os/keeper/estate.hpp"
#include "os/keeper/ledger.hpp"
#include "os/keeper/pipe_table.hpp"
#include "os/keeper/queue_record.hpp"

namespace bulkhead::os {

/// All queues of a tree, and what messages of queues and pipes name. A queue goes when no process
/// has a handle to it, nor names it any message under way.
class queue_table final : public core::queue_finder {
 public:
  static constexpr std::size_t queues_max = 65536;

  /// @limits ids are counted up from `first_id`. @owns `os` and the tree's pipes outlive the table.
  queue_table(const core::platform& os, pipe_table& pipes, std::uint64_t first_id = 0)
      : os_(&os), pipes_(&pipes), last_id_(first_id) {}
  queue_table(const queue_table&) = delete;
  queue_table& operator=(const queue_table&) = delete;

  /// @errors bulkhead::error errc::unsupported: no queue can have this shape; std::system_error.
  queue_record& make(const control::make_queue& wanted, std::uint32_t holder);
  /// @errors bulkhead::error errc::closed: there is no such queue (any more).
  queue_record& at(std::uint64_t id);
  /// The dead-letter queue of a queue, made when it is first asked for.
  /// @limits fingerprint 0: of a type that nobody has named yet.
  queue_record& dead_letters(queue_record& origin, std::uint64_t fingerprint);

  const core::queue_view* find(std::uint64_t id) override;

  /// A process is about to publish messages that name queues: these are kept till the messages are
  /// settled.
  /// @errors garbage: no such lane or place; bulkhead::error errc::closed: no such queue.
  void carry(control::carry messages, std::uint32_t serial);
  /// True while a message under way names a pipe end.
  [[nodiscard]] bool is_carried(std::uint64_t end);
  /// The pipe ends that no message names any more, since this was called last.
  [[nodiscard]] std::vector<std::uint64_t> take_freed_ends() { return std::exchange(freed_, {}); }
  /// Those whose messages were not sent after all.
  [[nodiscard]] std::vector<std::uint64_t> take_returned_ends() {
    return std::exchange(returned_, {});
  }
  /// A dead letter names what its message named.
  void carry_letter(const queue_record& origin, const core::poisoned& message);

  /// Whether a process has a handle to some queue.
  [[nodiscard]] bool is_holder(std::uint32_t serial) const noexcept;
  /// Whether a message under way, in a queue that the process has a handle to or to a pipe end of
  /// its own, names that queue or pipe end.
  [[nodiscard]] bool is_named_for(std::uint64_t wanted, std::uint32_t serial) const;
  /// @errors bulkhead::error errc::unsupported: the queue or pipe is another tree's.
  void check_ours(std::uint64_t endpoint) const;

  void leave(std::uint64_t queue, std::uint32_t serial);
  /// No next incarnation of this child is on its way, or will ever come.
  void rest(std::uint32_t owner, std::uint64_t resume_key);
  void forget(std::uint32_t owner, std::uint64_t resume_key);

  /// Settles all that a process had in hand, when it is reaped. Its seats are kept for its
  /// successor, if it may have one; its handles go.
  core::recovery_report bury_process(const core::casualty& dead);

  [[nodiscard]] bool any_stuck() const noexcept;
  /// Tries again to bury what found the dead letters full.
  void bury_stuck();

  /// When the next lease or delay may be over, in milliseconds of the monotonic clock.
  [[nodiscard]] std::uint64_t next_deadline_ms() const noexcept;
  /// Gives back what is due.
  void look_at_deadlines(std::uint64_t now_ms);

  /// True while some queue lives by the messages that name it, so that it is worth looking from
  /// time to time whether these are settled.
  [[nodiscard]] bool any_only_carried() const noexcept { return only_carried_; }
  /// Lets go the queues that no process can reach: that none holds, nor any message under way in a
  /// queue that one can reach.
  void drop_unreachable();

  /// Lets every wait of a process look again.
  void rouse(std::uint32_t serial);
  /// A process was stopped: no wake-up is for it until `rouse`, and one that it may have been given
  /// goes to another.
  void pass_over(std::uint32_t serial) noexcept;

  // What the next keeper must know (queue_table_estate.cpp).
  using outlives_keeper = std::function<bool(std::uint32_t serial)>;
  /// Called where a queue must be known before the request that made it is done.
  void set_checkpoint(std::function<void()> fn) { checkpoint_ = std::move(fn); }
  /// Writes down what changed since the last time.
  void write_down(ledger& to, depositor& vault, const outlives_keeper& outlives);
  /// Shows the descriptors of each.
  void visit_deposits(const depositor::visitor& visit) const;
  [[nodiscard]] std::uint64_t last_id() const noexcept { return last_id_; }
  /// Goes on from where an earlier keeper was.
  void resume_from(std::uint64_t last_id) noexcept { last_id_ = last_id; }
  /// Puts a queue back. @limits three descriptors. @errors std::system_error; bulkhead::error.
  void restore(std::uint64_t id, const estate::queue_note& note,
               std::vector<unique_fd> descriptors);
  /// After all: dead letters that could not be put back are made anew.
  void forget_lost_letters();
  void restore_seat(std::uint64_t queue, std::uint32_t seat, const seat_table::place& as);
  void restore_carried(const ledger::key& at, const estate::carried_note& note);

  [[nodiscard]] std::size_t size() const noexcept { return queues_.size(); }

 private:
  static estate::queue_note note_of(const queue_record& queue, const outlives_keeper& outlives);
  void drop(std::map<std::uint64_t, std::unique_ptr<queue_record>>::iterator queue);
  queue_record& add(std::string name, const core::queue_shape& shape);
  static void close_if_over(const queue_record& queue) noexcept;
  void look_after_ends();
  void forget_lost(std::uint64_t sender);
  void drop_unheld();
  void drop_if_unheld(std::vector<std::uint64_t> candidates);
  [[nodiscard]] carried_queues::fate fate_of(const carried_queues::place& message);
  [[nodiscard]] bool is_settled(const carried_queues::place& message);
  [[nodiscard]] std::uint32_t check_carrier(const control::carry& messages, std::uint32_t serial);
  void forget_unpublished_in(std::uint64_t carrier, std::uint32_t seat);
  void forget_unpublished(std::uint32_t serial);

  const core::platform* os_;
  pipe_table* pipes_;
  carried_queues carried_;
  bool only_carried_ = false;
  std::vector<std::uint64_t> freed_;  // pipe ends
  std::vector<std::uint64_t> returned_;
  std::uint64_t last_id_;
  std::function<void()> checkpoint_;
  std::vector<std::uint64_t> gone_;  // since the last write_down
  std::map<std::uint64_t, std::unique_ptr<queue_record>> queues_;
};

}  // namespace bulkhead::os

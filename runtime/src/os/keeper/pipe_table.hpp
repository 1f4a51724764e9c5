#pragma once

#include <bulkhead/exit_status.hpp>
#include <functional>
#include <map>
#include <optional>

#include "os/control.hpp"
#include "os/keeper/carried_queues.hpp"
#include "os/keeper/depositor.hpp"
#include "os/keeper/ledger.hpp"
#include "os/keeper/pipe_record.hpp"
#include "os/keeper/seat_table.hpp"

namespace bulkhead::os {

/// All pipes of a tree: who has which end, and what became of it. The only writer of the ends'
/// records. A pipe goes when nobody has an end of it and nobody may come for one.
class pipe_table {
 public:
  static constexpr std::size_t pipes_max = 65536;

  /// @limits pipes are counted up from `first_id`. @owns `os` outlives the table.
  explicit pipe_table(const core::platform& os, std::uint64_t first_id = 0)
      : os_(&os), last_id_(first_id) {}
  pipe_table(const pipe_table&) = delete;
  pipe_table& operator=(const pipe_table&) = delete;

  using holder = pipe_holder;
  using record = pipe_record;
  using note = pipe_note;

  /// @returns the name of the end 0. @errors bulkhead::error errc::unsupported: no pipe can have
  /// this shape; std::system_error.
  std::uint64_t make(const control::make_pipe& wanted, const holder& maker);
  [[nodiscard]] bool has(std::uint64_t end) const;
  /// @errors bulkhead::error errc::closed: there is no such pipe (any more).
  record& at(std::uint64_t end);

  /// What a start that fails puts back.
  struct grant {
    std::uint64_t end = 0;
    std::optional<holder> before;
    claimant home;
    bool resumed = false;
  };
  /// Gives an end to a process that is about to be: from `giver`, who has it, or to the next
  /// incarnation of the child that had it. @errors bulkhead::error errc::not_permitted.
  grant pass(std::uint64_t end, const holder& to, const claimant& giver);
  void undo(const grant& given) noexcept;
  /// The next incarnation of a child is about to be made: from here on its messages come.
  void resume(const grant& given) noexcept;
  /// The process is there, and these ends are its own.
  void confirm(const grant& given, pid_t pid) noexcept;

  /// @errors bulkhead::error errc::not_permitted: the process may not send the end away.
  void check_may_send(std::uint64_t end, std::uint32_t serial);
  /// A message is about to be published that names the end.
  void send_off(std::uint64_t end);
  /// It was not published.
  void give_back(std::uint64_t end);
  /// No message names it any more: it is whoever's it is, or nobody's.
  void settle(std::uint64_t end);
  /// It is the process's that decoded the message. @errors bulkhead::error errc::closed: somebody
  /// has it, or it was closed.
  record& claim(std::uint64_t end, const holder& by);

  /// Whether a process has the end, or its next incarnation has a right to it.
  [[nodiscard]] bool is_held(std::uint64_t end) const;
  /// Whether the process has the end, or was the last to have it.
  [[nodiscard]] bool is_of(std::uint64_t end, std::uint32_t serial) const;
  [[nodiscard]] std::vector<std::uint64_t> ends_of(std::uint32_t serial) const;
  /// @errors garbage: no such messages come out of that end; bulkhead::error errc::closed: there is
  /// no such pipe; errc::not_permitted: it is not the process's, or is in its own message.
  void check_carrier(const control::carry& messages, std::uint32_t serial);
  /// What has become of a message with names; settled, too, where nobody will ever receive it.
  [[nodiscard]] carried_queues::fate fate_of(std::uint64_t sender, std::uint64_t position) const;

  /// Whether a message under way names an end.
  using is_carried = std::function<bool(std::uint64_t end)>;
  void leave(std::uint64_t end, std::uint32_t serial, const is_carried& carried);
  [[nodiscard]] control::peer_reply peer_of(std::uint64_t end);

  /// A process is reaped: its ends are its successor's, or have ended.
  void bury_process(std::uint32_t serial, const exit_status& status, const is_carried& carried);
  /// No successor is on its way, or will ever come.
  void rest(std::uint32_t owner, std::uint64_t resume_key, bool for_good);
  /// Lets every wait of a process look again.
  void rouse(std::uint32_t serial);

  // What the next keeper must know (pipe_table_estate.cpp).
  /// Writes down what changed since the last time.
  void write_down(ledger& to, depositor& vault);
  /// Shows the descriptors of each.
  void visit_deposits(const depositor::visitor& visit) const;
  [[nodiscard]] std::uint64_t last_id() const noexcept { return last_id_; }
  /// Goes on from where an earlier keeper was.
  void resume_from(std::uint64_t last_id) noexcept { last_id_ = last_id; }
  /// Puts a pipe back. @limits three descriptors. @errors std::system_error; bulkhead::error.
  void restore(std::uint64_t id, const note& as, std::vector<unique_fd> descriptors);

 private:
  template <class Visit>
  void each_end(Visit visit);
  void set_state(record& pipe, std::uint32_t end, core::end_state state) noexcept;
  void mark_restart(record& pipe, std::uint32_t end) noexcept;
  void drop_unheld();

  const core::platform* os_;
  std::uint64_t last_id_;
  std::vector<std::uint64_t> gone_;  // since the last write_down
  std::map<std::uint64_t, record> pipes_;
};

}  // namespace bulkhead::os

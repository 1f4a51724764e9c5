#pragma once

#include <string>

#include "stepper/scenario.hpp"

namespace stepper {

/// The survivors' life after a crash, on the memory as the crash and the recovery left it.
class checker {
 public:
  /// @param before everybody's private state when the operation began: the survivors' cursors are
  /// as old as that.
  checker(const scenario& what, const stage& before)
      : what_(what), now_(before), before_(&before) {}

  /// What each message that is there now must be marked as when it comes out. Called on the memory
  /// of the crash itself.
  void note_marks();
  /// Counts messages and credits: in every state, also before the recovery.
  void complain_of_credits();
  /// The survivor goes on while nobody has noticed the death, or while a recovery has just died: it
  /// takes what there is to take, and its cursors pass what is not.
  void survivor_looks();
  /// Drains, sends, fills: after recovery.
  /// @returns what is wrong, or an empty string.
  std::string check(bool complete);

 private:
  struct place {
    std::uint64_t queue;
    std::uint32_t lane;
    core::position at;
    auto operator<=>(const place&) const = default;
  };

  bool look(const core::queue_view& queue, core::consumer& taker, std::vector<core::lease>& held);
  void drain(const core::queue_view& queue, core::consumer& taker);
  void acknowledge_held();
  std::string deliver(const core::queue_view& queue, const core::lease& l, bool in_order);
  std::string check_lane(core::producer& lane, core::consumer& taker);
  std::string check_next_incarnation();
  void complain_of_leaks();
  void fill_blocks();
  void complain(std::string what) {
    if (trouble_.empty()) trouble_ = std::move(what);
  }

  const scenario& what_;
  stage now_;
  const stage* before_;
  std::map<place, std::uint32_t> marks_;
  std::map<place, std::uint64_t> seen_;  // value
  using last_positions =
      std::map<std::pair<std::uint64_t, std::uint32_t>, core::position>;  // by queue and lane
  last_positions last_;        // of what came out after the recovery
  last_positions last_first_;  // of all first deliveries
  deliveries got_;
  std::uint64_t from_worker_in_ = 0;  // new messages of the worker's lanes that came out
  std::uint64_t from_worker_out_ = 0;
  std::string trouble_;
};

}  // namespace stepper

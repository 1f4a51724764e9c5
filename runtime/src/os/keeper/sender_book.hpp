#pragma once

#include <utility>
#include <vector>

#include "os/keeper/seat_table.hpp"

namespace bulkhead::os {

/// Which processes were given a handle that sends to a queue, and whether one of them, or one that
/// may follow it, may still send. Pure bookkeeping.
class sender_book {
 public:
  void give(const claimant& who);
  /// The process has ended. One whose incarnations share a key may come again.
  void die(std::uint32_t serial);
  /// No next incarnation of this child is on its way.
  void rest(std::uint32_t owner, std::uint64_t resume_key);
  /// None will ever come.
  void forget(std::uint32_t owner, std::uint64_t resume_key);
  /// Of no child of this process.
  void forget_all_of(std::uint32_t owner);

  struct sender {
    claimant who;
    bool alive = true;
  };
  /// Whether something changed since this was called last.
  [[nodiscard]] bool take_changed() noexcept { return std::exchange(changed_, false); }
  [[nodiscard]] bool given() const noexcept { return given_; }
  [[nodiscard]] const std::vector<sender>& all() const noexcept { return senders_; }
  /// Puts one back as an earlier keeper had it.
  void restore(const sender& one) { senders_.push_back(one); }
  void restore_given(bool given) noexcept { given_ = given; }

  /// True when somebody was given a handle and all have ended for good.
  [[nodiscard]] bool is_over() const noexcept { return given_ && senders_.empty(); }

 private:
  bool given_ = false;
  bool changed_ = false;
  std::vector<sender> senders_;
};

}  // namespace bulkhead::os

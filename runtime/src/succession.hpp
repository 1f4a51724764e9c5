#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "os/fork_guard.hpp"
#include "os/keeper_link.hpp"
#include "os/keeper_start.hpp"

namespace bulkhead::detail {

/// The host's keepers, one after the other: when one is killed the next is started, takes over what
/// that one knew and held, and recovers what its children had in hand. Whichever thread first asks
/// a keeper that is gone does this, under the lock of its link, so that the others wait for it.
/// @threads any.
class succession final : public os::line_source {
 public:
  /// Takes what `first` is beside the control line and the directory.
  explicit succession(os::keeper_connection& first);
  succession(const succession&) = delete;
  succession& operator=(const succession&) = delete;

  /// Makes sure that the keeper is dead, and starts the next. Where none comes up the program ends
  /// with a sentence and status 70.
  os::channel next() override;
  /// A child that was just forked may hold a dead keeper's end of the line.
  [[nodiscard]] bool is_gone(const os::channel& line) override;

  /// What whoever hears of the children's ends needs after a death.
  struct change {
    os::channel events;
    std::uint32_t first_serial = 0;  ///< Processes with a lower one are no more.
    std::uint64_t generation = 0;
  };
  /// The newest one, once.
  [[nodiscard]] std::optional<change> take_change();
  /// The keeper of that generation, the first being 1, does not do its duty any more: ends it if it
  /// is the present one.
  void finish_off(std::uint64_t generation) noexcept;

  /// Waits until the present keeper has ended. @returns false when it does not in time.
  bool wait_for_end(int timeout_ms) noexcept;

 private:
  change begin_next(os::channel& control);
  [[noreturn]] void give_up(const char* why) const;

  os::fork_guard guard_;
  const std::vector<std::string> environment_;
  std::mutex mutex_;  // guards what follows
  os::unique_fd ledger_;
  os::unique_fd vault_;
  os::unique_fd keeper_;  // its pidfd
  std::uint32_t keeper_pid_ = 0;
  std::uint64_t generation_ = 1;
  std::optional<change> change_;
};

}  // namespace bulkhead::detail

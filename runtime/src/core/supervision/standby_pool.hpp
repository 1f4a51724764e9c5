#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/backoff.hpp"
#include "core/supervision/instant.hpp"

namespace bulkhead::core {

/// The spare processes of one child: how many there are to be, which wait, and when the next one is
/// started. Pure: it is told what happens and what time it is, and says what is to be done.
///
/// A spare is started, prepares itself, and waits; one that ends before it is promoted has failed,
/// and is replaced after the child's backoff, which grows with failures in a row and begins anew
/// once a spare waits. Failures of spares are nobody's restarts.
class standby_pool {
 public:
  using serial = std::uint32_t;  ///< Names a process.

  /// @limits wanted: how many are to wait. patience: the longest time until one does.
  standby_pool(std::uint32_t wanted, const backoff_options& backoff,
               std::chrono::nanoseconds patience)
      : wanted_(wanted), backoff_(backoff), patience_(patience) {}

  /// From now on spares are kept; or none is started any more. Those that are there are dismissed
  /// by the caller.
  void keep(bool wanted_now) noexcept { keeps_ = wanted_now; }

  /// @returns how many are to be started now.
  [[nodiscard]] std::size_t missing(instant now) const noexcept;
  void started(serial which, instant now);
  /// One could not be started. @limits random: as for backoff_delay.
  void start_failed(instant now, const random_source& random);
  /// It is prepared.
  void waits(serial which);
  /// It is being ended, and must not be promoted any more.
  void dismissed(serial which);
  /// It is the child now, and no spare any more. @returns false: it was none.
  bool promoted(serial which);
  /// It has ended. @limits blameless: by nobody's doing, so that no backoff follows.
  /// @returns false: it was no spare.
  bool ended(serial which, bool blameless, instant now, const random_source& random);

  /// The spare that has waited for the longest.
  [[nodiscard]] std::optional<serial> first_waiting() const noexcept;
  /// Those that do not wait although their time for it is over; each is named once.
  [[nodiscard]] std::vector<serial> take_late(instant now);
  [[nodiscard]] std::vector<serial> all() const;
  [[nodiscard]] std::uint32_t waiting() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return spares_.empty(); }
  /// When `missing` or `take_late` may have something to say.
  [[nodiscard]] std::optional<instant> next_deadline() const noexcept;

 private:
  struct spare {
    bool waits = false;
    std::optional<instant> late_at;
  };
  void fail(instant now, const random_source& random);

  std::uint32_t wanted_;
  backoff_options backoff_;
  std::chrono::nanoseconds patience_;
  bool keeps_ = false;
  std::map<serial, spare> spares_;
  std::uint64_t failures_ = 0;  // in a row
  instant not_before_ = instant::min();
};

}  // namespace bulkhead::core

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "os/segment.hpp"

namespace bulkhead::os {

/// The page that a spare process waits at, shared with its keeper: at its promotion this says which
/// incarnation it is, and has a seat for each of its endpoints. The keeper alone writes it.
class standby_memory {
 public:
  enum class role : std::uint8_t { keeper, spare };
  /// Of one queue; of a pipe end nothing is set.
  struct seat {
    std::uint32_t number = 0;
    std::uint32_t epoch = 0;
    std::uint64_t sent_before = 0;
  };

  /// @errors std::system_error.
  [[nodiscard]] static unique_fd make_segment(std::size_t endpoints);
  /// Of a segment that `make_segment` made; its descriptor is needed no more after.
  /// @errors bulkhead::error errc::corrupt; std::system_error.
  standby_memory(int segment, std::size_t endpoints, role as);

  /// @limits keeper; n < endpoints; before `promote`.
  void set_seat(std::size_t n, const seat& given) noexcept { seats()[n] = given; }
  /// Ends the wait, for good. @limits keeper; incarnation != 0.
  void promote(std::uint32_t incarnation) noexcept;

  /// Waits until the promotion. @returns the incarnation. @limits spare.
  [[nodiscard]] std::uint32_t wait() const noexcept;
  /// @limits after `wait`.
  [[nodiscard]] const seat& seat_at(std::size_t n) const noexcept { return seats()[n]; }

 private:
  [[nodiscard]] std::atomic<std::uint32_t>& word() const noexcept {
    return *reinterpret_cast<std::atomic<std::uint32_t>*>(map_.data());
  }
  [[nodiscard]] seat* seats() const noexcept;

  mapping map_;
};

}  // namespace bulkhead::os

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/supervision/instant.hpp"

namespace bulkhead::core {

/// Judges one process by its pulse: it is hung when the word has not changed for `patience` while
/// it did not wait for others.
///
/// Pure: it is told the word and the time. A change is seen at a look, so the silence counts from
/// there, and the verdict comes up to half of the patience late, never early. Time in which nobody
/// looked, because the one who looks was stopped, or the whole machine was, counts as two looks.
class watchdog {
 public:
  /// Shorter patience is taken for this: the process itself could not be in time.
  static constexpr std::chrono::nanoseconds patience_min = std::chrono::milliseconds{20};
  /// Between asking a hung process to abort and killing it.
  static constexpr std::chrono::nanoseconds grace = std::chrono::seconds{1};

  enum class verdict : std::uint8_t {
    well,
    hung,     ///< It is to abort. Told once.
    overdue,  ///< It was, and has not: it is to be killed. Told once.
  };

  explicit watchdog(std::chrono::nanoseconds patience) noexcept;

  /// From here on it is judged. Nothing where it is already, or never again.
  void begin(std::uint64_t word, instant now) noexcept;
  /// It is not judged any more: it was asked to stop, which has a time limit of its own. One that
  /// is to abort still is.
  void rest() noexcept;

  [[nodiscard]] verdict look(std::uint64_t word, instant now) noexcept;
  /// When the next look is due; earlier and later does no harm.
  [[nodiscard]] std::optional<instant> next_look() const noexcept;
  /// True from the verdict on.
  [[nodiscard]] bool is_hung() const noexcept {
    return stage_ == stage::aborting || stage_ == stage::killed;
  }

  /// How often the process has to look at itself, and others at it.
  [[nodiscard]] static std::chrono::nanoseconds interval(
      std::chrono::nanoseconds patience) noexcept;

 private:
  enum class stage : std::uint8_t { not_yet, watching, resting, aborting, killed };

  std::chrono::nanoseconds patience_;
  stage stage_ = stage::not_yet;
  std::uint64_t seen_ = 0;
  instant looked_;
  std::chrono::nanoseconds silence_{0};  // While watching: without a change.
};

}  // namespace bulkhead::core

#include "core/watchdog.hpp"

#include <algorithm>

#include "core/pulse.hpp"

namespace bulkhead::core {

watchdog::watchdog(std::chrono::nanoseconds patience) noexcept
    : patience_(std::max(patience, patience_min)) {}

std::chrono::nanoseconds watchdog::interval(std::chrono::nanoseconds patience) noexcept {
  return std::max(patience, patience_min) / 4;
}

void watchdog::begin(std::uint64_t word, instant now) noexcept {
  if (stage_ != stage::not_yet) return;
  stage_ = stage::watching;
  seen_ = word;
  looked_ = now;
}

void watchdog::rest() noexcept {
  if (!is_hung()) stage_ = stage::resting;
}

watchdog::verdict watchdog::look(std::uint64_t word, instant now) noexcept {
  const std::chrono::nanoseconds passed = now - looked_;
  if (stage_ == stage::aborting && passed >= grace) {
    stage_ = stage::killed;
    return verdict::overdue;
  }
  if (stage_ != stage::watching) return verdict::well;
  looked_ = now;
  silence_ += std::min(passed, 2 * interval(patience_));
  if (word != seen_ || pulse::waits(word)) silence_ = std::chrono::nanoseconds{0};
  seen_ = word;
  if (silence_ < patience_) return verdict::well;
  stage_ = stage::aborting;
  return verdict::hung;
}

std::optional<instant> watchdog::next_look() const noexcept {
  if (stage_ == stage::watching) return after(looked_, interval(patience_));
  if (stage_ == stage::aborting) return after(looked_, grace);
  return std::nullopt;
}

}  // namespace bulkhead::core

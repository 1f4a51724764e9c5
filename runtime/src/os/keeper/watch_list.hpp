#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/watchdog.hpp"
#include "os/pulse_memory.hpp"

namespace bulkhead::os {

/// The processes that the keeper watches, by serial. An empty one costs nothing.
class watch_list {
 public:
  using judged = std::pair<std::uint32_t, core::watchdog::verdict>;

  /// Takes a process in, which is judged from `begin` on.
  void add(std::uint32_t serial, std::chrono::nanoseconds patience, pulse_memory pulse);
  void begin(std::uint32_t serial, core::instant now);
  void rest(std::uint32_t serial);
  void remove(std::uint32_t serial);

  /// Looks at all that are due, and at those that soon will be, so that many cost few wake-ups.
  /// @returns those that are not well.
  [[nodiscard]] std::vector<judged> look(core::instant now);
  [[nodiscard]] std::optional<core::instant> next_look() const noexcept { return next_; }

 private:
  struct watched {
    core::watchdog dog;
    pulse_memory pulse;
    std::chrono::nanoseconds slack;
  };
  static std::uint64_t word_of(const watched& w) noexcept;
  void note_due(std::optional<core::instant> due) noexcept;

  std::map<std::uint32_t, watched> all_;
  std::optional<core::instant> next_;
};

}  // namespace bulkhead::os

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace bench {

/// Nanoseconds of CLOCK_MONOTONIC, which is one for all processes.
std::int64_t now_ns() noexcept;
void pin_to(int cpu);  ///< The calling process; -1: leaves it alone.

/// Where the processes of a run meet and write down what they measured: a small file in shared
/// memory, by name, since not all contestants inherit from one parent.
class scoreboard {
 public:
  /// Makes a new one, which the destructor takes away.
  scoreboard();
  /// Opens the one of another process.
  explicit scoreboard(const std::string& path);
  scoreboard(const scoreboard&) = delete;
  scoreboard& operator=(const scoreboard&) = delete;
  ~scoreboard();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// Waits until `parties` have come.
  void gate(std::uint32_t parties);
  /// The first start and the last end count.
  void started(std::int64_t at_ns) noexcept;
  void ended(std::int64_t at_ns) noexcept;
  /// How often `ended` was called.
  [[nodiscard]] std::uint32_t ends() const noexcept { return shared_->ends.load(); }
  /// Waits, mostly asleep, until `ended` was called `times` times.
  void wait_for_ends(std::uint32_t times) const noexcept;
  /// @returns true for the last of `parties` that call it.
  bool last_of(std::uint32_t parties) noexcept;
  void add_messages(std::uint64_t count) noexcept;
  void set_percentiles(std::int64_t p50, std::int64_t p99, std::int64_t p999) noexcept;

  /// Prints the run's line of JSON.
  void print() const;

 private:
  struct shared {
    std::atomic<std::uint32_t> arrived;
    std::atomic<std::uint32_t> done;
    std::atomic<std::uint32_t> ends;
    std::atomic<std::int64_t> first_start;
    std::atomic<std::int64_t> last_end;
    std::atomic<std::uint64_t> messages;
    std::atomic<std::int64_t> p50, p99, p999;
  };
  void map(int flags);

  std::string path_;
  bool owner_;
  shared* shared_ = nullptr;
};

}  // namespace bench

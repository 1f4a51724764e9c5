#pragma once

#include <cstdint>

namespace bulkhead::core {

/// The pulse of a watched process: one word in memory that it shares with its keeper. From the low
/// end: how many threads wait in a call of ours (16 bits), how many have ever beaten and still run
/// (16), and the beats (32), which wrap. Each change is one addition, so that no two threads lose
/// each other's.
namespace pulse {

inline constexpr std::uint64_t waiter = 1;
inline constexpr std::uint64_t thread = std::uint64_t{1} << 16;
inline constexpr std::uint64_t beat = std::uint64_t{1} << 32;
inline constexpr std::uint64_t counts_max = 0xffff;

constexpr std::uint64_t threads_in(std::uint64_t word) noexcept { return word >> 16 & counts_max; }

/// Whether the process waits for others: all of its threads that ever beat do.
constexpr bool waits(std::uint64_t word) noexcept {
  const std::uint64_t threads = threads_in(word);
  return threads != 0 && (word & counts_max) >= threads;
}

}  // namespace pulse

/// What a watched process shows of its life. @threads any.
class heart {
 public:
  virtual void beat() noexcept = 0;
  /// The calling thread waits from here until `end_wait`, which beats. They may be nested.
  virtual void begin_wait() noexcept = 0;
  virtual void end_wait() noexcept = 0;

 protected:
  ~heart() = default;
};

/// The calling thread waits in a call of ours while this lives.
class waiting_mark {
 public:
  /// @limits nullptr: nobody watches.
  explicit waiting_mark(heart* of) noexcept : heart_(of) {
    if (heart_ != nullptr) heart_->begin_wait();
  }
  waiting_mark(const waiting_mark&) = delete;
  waiting_mark& operator=(const waiting_mark&) = delete;
  ~waiting_mark() {
    if (heart_ != nullptr) heart_->end_wait();
  }

 private:
  heart* heart_;
};

}  // namespace bulkhead::core

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace stepper {

/// One run of an operation, instruction by instruction: step k is the state after k instructions.
struct path {
  /// Of the instruction that comes next; [0] is the operation's first.
  std::vector<std::uint64_t> addresses;
  /// How often the address had been arrived at, this time included; or `inside` a rep instruction.
  std::vector<std::uint32_t> visits;
  static constexpr std::uint32_t inside = ~std::uint32_t{0};
  bool finished = false;  ///< The operation returned at the last step.
  std::string trouble;    ///< Why not.

  [[nodiscard]] std::size_t steps() const noexcept { return addresses.size() - 1; }
};

/// Runs operations in children of their own under ptrace, on the tracer's CPU.
class tracer {
 public:
  using operation = std::function<void()>;

  tracer();
  ~tracer();
  tracer(const tracer&) = delete;
  tracer& operator=(const tracer&) = delete;

  /// @returns why this machine does not let us trace, or an empty string.
  std::string forbidden();

  /// Steps an operation from its first instruction to its return; `on_step(k)` is called after
  /// each.
  path follow(const operation& work, const std::function<void(std::size_t)>& on_step);

  /// Runs an operation in a fresh child, SIGKILLs it after `step` instructions and reaps it.
  /// Gets there by a breakpoint where that is shorter, and by single steps from there.
  /// @returns false when the child was not where `known` says it must be.
  bool kill_at(const operation& work, const path& known, std::size_t step);

  [[nodiscard]] std::uint64_t single_steps() const noexcept { return single_steps_; }
  [[nodiscard]] std::uint64_t kills() const noexcept { return kills_; }

 private:
  pid_t start(const operation& work);
  void end(pid_t child);
  bool step(pid_t child);
  bool run_to(pid_t child, std::uint64_t address, std::uint32_t times);

  volatile int* returned_ = nullptr;  // in a page of its own, shared with the child
  std::uint64_t single_steps_ = 0;
  std::uint64_t kills_ = 0;
};

}  // namespace stepper

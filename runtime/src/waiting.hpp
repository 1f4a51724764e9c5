#pragma once

#include <algorithm>
#include <bulkhead/detail/queue_core.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>

#include "core/look.hpp"
#include "core/parked_set.hpp"

namespace bulkhead::detail {

/// When a waiting call gives up: its patience, from the moment it begins to wait.
class time_limit {
 public:
  explicit time_limit(patience how_long)
      : how_(how_long.how),
        at_(how_ == patience::kind::some ? steady_clock::now() + how_long.time
                                         : steady_clock::time_point::max()) {}
  [[nodiscard]] bool may_wait() const noexcept { return how_ != patience::kind::none; }
  [[nodiscard]] bool is_over() const {
    return how_ == patience::kind::some && steady_clock::now() >= at_;
  }
  /// What is left of it, but no longer than until `sooner`.
  [[nodiscard]] patience left(
      std::chrono::steady_clock::time_point sooner = steady_clock::time_point::max()) const {
    if (how_ == patience::kind::none) return patience::none();
    const auto at = or_sooner(sooner);
    if (at == steady_clock::time_point::max()) return patience::forever();
    return {patience::kind::some,
            std::max(at - steady_clock::now(), steady_clock::duration::zero())};
  }
  /// The earlier of `other` and the limit.
  [[nodiscard]] std::chrono::steady_clock::time_point or_sooner(
      std::chrono::steady_clock::time_point other) const noexcept {
    return std::min(other, at_);
  }

 private:
  using steady_clock = std::chrono::steady_clock;
  patience::kind how_;
  steady_clock::time_point at_;
};

/// What an attempt says: nothing (not yet, wait on), or how it ended.
using attempt_result = std::optional<status>;

/// A step that a waiting call repeats until it succeeds or ends.
class attempt {
 public:
  /// @limits thorough before the call sleeps or gives up; otherwise another attempt follows.
  virtual attempt_result operator()(core::look how) = 0;

 protected:
  ~attempt() = default;
};

template <class Fn>
class attempt_of final : public attempt {
 public:
  explicit attempt_of(Fn fn) : fn_(std::move(fn)) {}
  attempt_result operator()(core::look how) override {
    if constexpr (std::is_invocable_v<Fn, core::look>) {
      return fn_(how);
    } else {
      return fn_();
    }
  }

 private:
  Fn fn_;
};

/// Where the sleepers of a waiting room announce themselves to other processes.
class parking {
 public:
  parking() = default;
  parking(const parking&) = delete;
  parking& operator=(const parking&) = delete;
  virtual ~parking() = default;

  /// The word to sleep on; it changes with every wake-up.
  [[nodiscard]] virtual std::atomic<std::uint32_t>& word() const noexcept = 0;
  virtual void announce() noexcept = 0;
  /// @returns false when a waker had taken the announcement.
  virtual bool withdraw() noexcept = 0;
  /// A wake-up that was taken and is not ours to use.
  virtual void pass_on() noexcept = 0;
  [[nodiscard]] virtual const core::platform& os() const noexcept = 0;
};

/// The sleepers of one side of a queue or pipe end in this process: its threads share a park word
/// and a bit.
class waiting_room {
 public:
  waiting_room(const core::queue_view& queue, core::side which, std::uint32_t seat);
  /// Of a pipe end, which looks without pause: its peer waits for the answer to this message.
  /// @limits has_spun: whoever comes to wait has looked for a while already (pipe_spin.cpp).
  waiting_room(std::unique_ptr<parking> place, bool has_spun) noexcept
      : place_(std::move(place)), looks_all_the_time_(true), has_spun_(has_spun) {}

  /// Repeats `step` until it ends: at once, after a short spin, then sleeping between wake-ups.
  /// @returns how it ended; errc::full when it may not wait and the step did not end;
  /// errc::timed_out at the limit.
  status wait(attempt& step, const time_limit& limit);

 private:
  attempt_result spin(attempt& step);
  attempt_result step_announced(attempt& step);
  status sleep(attempt& step, const time_limit& limit);
  void announce();
  bool withdraw();

  std::unique_ptr<parking> place_;
  bool looks_all_the_time_ = false;
  bool has_spun_ = false;
  std::atomic<std::uint32_t> looks_{1};  // of the next spin
  std::mutex mutex_;
  std::uint32_t sleepers_ = 0;
};

}  // namespace bulkhead::detail

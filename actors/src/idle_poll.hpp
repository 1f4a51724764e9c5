#pragma once

#include <algorithm>
#include <chrono>

namespace bulkhead::actors::detail {

/// How long a pump looks for messages before it sleeps: as long as a sleep and a wake-up cost,
/// while the last waits were shorter than that; less and less where they were longer, down to not
/// at all.
/// @threads one.
class idle_poll {
 public:
  using clock = std::chrono::steady_clock;

  /// Looks until `look()` finds something. @returns false: time to sleep.
  template <class Look>
  bool find(Look look) {
    begun_ = clock::now();
    if (budget_ == clock::duration::zero()) return false;
    const auto end = begun_ + budget_;
    do {
      for (int n = 0; n < looks_a_reading; ++n) {
        if (look()) return true;
        relax();
      }
    } while (clock::now() < end);
    return false;
  }
  /// After the sleep that followed.
  void woke() {
    const auto waited = clock::now() - begun_;
    if (waited < worth_it) {
      budget_ = worth_it;
    } else {
      budget_ = budget_ > least ? budget_ / 2 : clock::duration::zero();
    }
  }

 private:
  static constexpr std::chrono::microseconds worth_it{50};
  static constexpr std::chrono::microseconds least{2};
  static constexpr int looks_a_reading = 8;

  static void relax() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

  clock::time_point begun_{};
  clock::duration budget_ = worth_it;
};

}  // namespace bulkhead::actors::detail

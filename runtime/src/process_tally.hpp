#pragma once

#include <atomic>
#include <bulkhead/runtime_metrics.hpp>

#include "os/control.hpp"

namespace bulkhead::detail {

/// The numbers of runtime::metrics, counted as processes are started and their ends are told.
/// @threads any.
class process_tally {
 public:
  void note_start() noexcept { add(started_, 1); }
  void note_end(const os::control::exited& event) noexcept {
    if (event.status.own_doing()) add(failed_, 1);
    add(redelivered_, event.redelivered);
    add(buried_, event.buried);
    add(stuck_, event.stuck);
    // Release, to the first load below: who counts an end counts its start.
    ended_.fetch_add(1, std::memory_order_release);
  }
  [[nodiscard]] runtime_metrics read() const noexcept {
    runtime_metrics now;
    now.ended = ended_.load(std::memory_order_acquire);
    now.started = get(started_);
    now.running = now.started - now.ended;
    now.failed = get(failed_);
    now.redelivered = get(redelivered_);
    now.dead_letters = get(buried_);
    now.held_back = get(stuck_);
    return now;
  }

 private:
  using number = std::atomic<std::uint64_t>;
  // Relaxed: each of the others is a number of its own, and says of nothing else that it is there.
  static void add(number& to, std::uint64_t what) noexcept {
    to.fetch_add(what, std::memory_order_relaxed);
  }
  static std::uint64_t get(const number& from) noexcept {
    return from.load(std::memory_order_relaxed);
  }

  number started_ = 0;
  number ended_ = 0;
  number failed_ = 0;
  number redelivered_ = 0;
  number buried_ = 0;
  number stuck_ = 0;
};

}  // namespace bulkhead::detail

#pragma once

#include <bulkhead/actors/compat.hpp>
#include <cstddef>
#include <deque>
#include <exception>

namespace bulkhead::actors::detail {

/// Runs actors on the thread that takes their messages in, so that no other thread need be woken
/// for them. CAF gives it those that it made ready.
/// @threads one, the pump's.
/// @owns actors may refer to it for as long as they live: it goes after their system.
class pump_unit final : public compat::own_unit {
 public:
  explicit pump_unit(caf::actor_system& system) : own_unit(system), workers_(&system) {}
  pump_unit(const pump_unit&) = delete;
  pump_unit& operator=(const pump_unit&) = delete;

  [[nodiscard]] bool is_idle() const noexcept { return ready_.empty(); }
  /// Runs what is ready, each for a turn.
  void run() {
    for (std::size_t turns = ready_.size(); turns > 0; --turns) {
      caf::resumable* const next = ready_.front();
      ready_.pop_front();
      if (next->resume(this, messages_a_turn) == caf::resumable::resume_later) {
        ready_.push_back(next);
      } else {
        caf::intrusive_ptr_release(next);
      }
    }
  }
  /// Leaves what is ready to CAF's workers: nobody will call `run` for some time, or ever.
  void hand_over() noexcept {
    while (!ready_.empty()) {
      try {
        compat::schedule(*workers_, ready_.front());
      } catch (const std::exception&) {  // no memory: they stay here
        return;
      }
      ready_.pop_front();
    }
  }

 private:
  void make_ready(caf::resumable* ready) override { ready_.push_back(ready); }

  // Few, so that the lane is looked at again.
  static constexpr std::size_t messages_a_turn = 64;

  caf::actor_system* workers_;
  std::deque<caf::resumable*> ready_;
};

}  // namespace bulkhead::actors::detail

#pragma once

#include <bulkhead/actors/supervised.hpp>
#include <bulkhead/detail/child_observer.hpp>
#include <bulkhead/supervisor.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "remote_peer.hpp"

namespace bulkhead::actors::detail {

/// An actor whose process a supervisor starts, again and again. The handle is kept alive until the
/// supervisor forgets the child: a service that nobody has a handle of is a service still.
///
/// The supervisor's thread notes what becomes of the process, the pump acts on it. What had been
/// under way is settled by the lane itself.
class supervised_peer final : public remote_peer, public bulkhead::detail::child_observer {
 public:
  supervised_peer(actor_client lane, const message_codec& codec, pump_unit& unit,
                  system_state& state, const supervised_options& options);

  /// The child is up.
  void start(const supervisor& sup, const process& child, const caf::strong_actor_ptr& proxy);
  void watch(const caf::strong_actor_ptr& watcher);
  void let_go() noexcept override;
  // A lane to one incarnation would end with it: this process passes messages on.
  bool hand_over(const actor_server&, const message_codec&) override { return false; }
  /// True from a death to the next start.
  [[nodiscard]] bool is_away() const noexcept { return is_away_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t incarnation() const noexcept {
    return incarnation_.load(std::memory_order_relaxed);
  }

  /// A turn of the pump, without waiting unless the child is stopped. @limits it was not started.
  /// @returns the reason for monitors, when it is over.
  std::optional<caf::error> step();

  void on_event(const supervision_event& event) noexcept override;
  void on_gone(end_reason::kind_type why) noexcept override;

 private:
  // What the supervisor's thread noted.
  struct turn {
    enum kind { up, down, restarting, gone } what = up;
    std::uint64_t incarnation = 0;
    exit_status status;
    end_reason::kind_type why = end_reason::shutdown;
  };

  caf::error live() override;
  std::optional<caf::error> go_on();
  void part(const caf::error& reason) override;
  caf::error refusal() override;

  void note(turn what);
  std::vector<turn> take_turns();
  void settle();
  void note_end();
  std::optional<caf::error> take(const turn& what);
  void wait_for_turn();
  void tell_watchers(const restarted& what);
  [[nodiscard]] caf::error final_reason(end_reason::kind_type why) const;

  const during_restart mode_;
  std::weak_ptr<bulkhead::detail::supervisor_state> supervisor_;
  std::uint64_t child_id_ = 0;
  caf::strong_actor_ptr held_;                 ///< The proxy.
  std::atomic<std::uint64_t> incarnation_{1};  ///< Only written by the pump.

  std::mutex turns_mutex_;
  std::condition_variable turns_changed_;
  std::vector<turn> turns_;
  exit_status last_status_;  ///< With the mutex, as the watchers.
  std::vector<caf::weak_actor_ptr> watchers_;

  // The pump's.
  bool is_watching_ = false;  ///< `watch_` is under way.
  /// The child is stopped: the lane is of no use until it is up again. Only written by the pump.
  std::atomic<bool> is_shut_{false};
  std::atomic<bool> is_away_{false};  ///< Only written by the pump.
  caf::error own_reason_;             ///< Why the actor ended that ended last.
};

}  // namespace bulkhead::actors::detail

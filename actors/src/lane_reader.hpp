#pragma once

#include <atomic>
#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/detail/host_actor.hpp>
#include <bulkhead/actors/detail/message_codec.hpp>
#include <bulkhead/detail/call_server_core.hpp>
#include <memory>
#include <optional>

#include "idle_poll.hpp"
#include "pump_unit.hpp"
#include "served_end.hpp"

namespace bulkhead::actors::detail {

class system_state;

/// The answering end of a lane to an actor of this process: brings the messages to the actor, and
/// its end to who asked for that.
/// @threads one, which runs the actor where that is not running elsewhere; `stop` any.
class lane_reader {
 public:
  lane_reader(const bulkhead::detail::pipe_core& lane, const message_codec& codec, hosting how,
              system_state& state, pump_unit& unit);
  lane_reader(const lane_reader&) = delete;
  lane_reader& operator=(const lane_reader&) = delete;

  /// Before `serve`.
  void attach(caf::strong_actor_ptr actor);
  /// Serves until the actor has ended, nobody can reach it, or it is to stop; then says how the
  /// actor ended, where it has and somebody asked.
  /// @returns false: nobody can reach it.
  bool serve();
  /// One turn of that, without waiting. @returns true: there was something to do.
  bool step();
  /// Says how the actor ended to who has asked.
  void answer_watcher();
  void stop() noexcept { end_->stop(); }

  [[nodiscard]] bool has_ended() const noexcept { return end_->has_ended(); }
  [[nodiscard]] caf::error reason() const { return end_->reason(); }
  [[nodiscard]] const caf::strong_actor_ptr& actor() const noexcept { return actor_; }
  void drop_actor() noexcept {
    keeps_.store(caf::invalid_actor_id, std::memory_order_release);
    actor_ = nullptr;
  }
  /// The actor that it keeps for who has the other end. @threads any.
  [[nodiscard]] caf::actor_id keeps() const noexcept {
    return keeps_.load(std::memory_order_acquire);
  }

 private:
  [[nodiscard]] bool is_busy() const;
  bool go_on(bool reachable);
  void await_watcher();
  bool await_handled();
  bool take_first();
  bool take_beside_answers();
  bool take(bulkhead::detail::patience how_long, const std::atomic<bool>* over);

  // lane_frames.cpp
  caf::error read(std::span<const std::byte> bytes, const bulkhead::detail::call_origin& whose,
                  caf::mailbox_element_ptr& element);
  caf::error read_frame(std::span<const std::byte> bytes,
                        const bulkhead::detail::call_origin& whose,
                        caf::mailbox_element_ptr& element);
  caf::error read_watch(std::span<const std::byte> bytes,
                        const bulkhead::detail::call_origin& whose);
  caf::error read_lane(std::span<const std::byte> bytes);
  caf::error read_only_watched() noexcept;
  caf::error read_named(std::uint32_t number, std::span<const std::byte> bytes,
                        const bulkhead::detail::call_origin& whose,
                        caf::mailbox_element_ptr& element);
  void refuse(const bulkhead::detail::call_origin& whose, const caf::error& why);
  caf::mailbox_element_ptr element_of(std::uint32_t number, std::span<const std::byte> values,
                                      const bulkhead::detail::call_origin& whose,
                                      bulkhead::detail::endpoint_source* names);

  const bulkhead::detail::pipe_core* lane_;
  const message_codec* codec_;
  const hosting how_;
  const std::uint32_t lives_before_;  ///< Incarnations that had the lane.
  /// What comes now is meant for this incarnation; before that, requests are of a dead one's time,
  /// and who asked has been told that they failed.
  bool is_current_;
  system_state* state_;
  pump_unit* unit_;
  std::shared_ptr<served_end> end_;
  caf::strong_actor_ptr actor_;  ///< None where it is only watched.
  std::atomic<caf::actor_id> keeps_{caf::invalid_actor_id};
  caf::strong_actor_ptr tally_;  ///< Each message that is not handled refers to it.
  std::size_t credit_ = 0;       ///< So many of them at most.
  std::optional<bulkhead::detail::call_origin> watcher_;  ///< Who asked when the actor ends.
  bool took_ = false;
  std::uint64_t unread_ = 0;  ///< Messages that nobody asked by, and that could not be read.
  idle_poll poll_;
  idle_poll room_poll_;  ///< The same, while answers are kept.
};

}  // namespace bulkhead::actors::detail

#pragma once

#include <atomic>
#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/detail/actor_lane.hpp>
#include <bulkhead/actors/detail/message_codec.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "idle_poll.hpp"
#include "lane_outbox.hpp"
#include "lane_thread.hpp"
#include "pump_unit.hpp"

namespace bulkhead::actors::detail {

class system_state;

/// Told when the actor ends by itself, or its process does.
class end_watch final : public bulkhead::detail::call_continuation {
 public:
  std::optional<caf::error> reason;
  bool by_actor = false;  ///< It is the actor's own.

  bool replied(std::span<const std::byte> value, bulkhead::detail::message_endpoints&) override;
  void failed(const call_failure& why) noexcept override;
};

/// What this process has of an actor in a process of its own: the lane there, and the thread (the
/// pump) that takes the answers in and runs the actors that wait for them. Whose the process is,
/// and what follows its end, is in the classes made of this one.
///
/// Messages are encoded by the thread that sends them, in the lane itself. A request's asker is the
/// continuation of its call, so the calls' table is the only one.
/// @threads any but where said; `live` and `part` are the pump's.
class remote_peer : public lane_thread, public std::enable_shared_from_this<remote_peer> {
 public:
  remote_peer(actor_client lane, const message_codec& codec, pump_unit& unit, system_state& state,
              const bulkhead::detail::request_terms& terms)
      : lane_(std::move(lane)), unit_(&unit), state_(&state), terms_(terms), codec_(&codec) {}

  /// What the proxy was sent. Waits for room only where the sender is no worker of CAF's and no
  /// pump; else what there is no room for is kept until there is some, up to a bound.
  /// @returns the error that a request is to be answered with; none: it is on its way. What wants
  /// no answer is dropped where there is an error, counted, and told of on standard error.
  caf::error send(const caf::strong_actor_ptr& proxy, caf::mailbox_element& message,
                  compat::unit* host);
  [[nodiscard]] std::uint64_t dropped() const noexcept {
    return dropped_.load(std::memory_order_relaxed);
  }
  void let_go() noexcept override;
  /// The proxy is linked with an actor of this process, whose end the other is to hear of: keeps it
  /// until the other's end where it would not end that by going.
  virtual void keep(caf::strong_actor_ptr) {}
  /// Those are left who watch the proxy; they need not keep a handle of an actor that is somebody
  /// else's. Tells them that it is unreachable, or at the actor's end of that.
  virtual void take_over(caf::attachable_ptr watchers) {
    compat::tell_end(watchers, caf::exit_reason::unreachable);
  }
  /// Nobody has a handle any more, and none can be made of an address.
  virtual void handle_gone() noexcept { let_go(); }
  /// Requests under way, or kept until there is room for them.
  [[nodiscard]] std::size_t pending() const {
    return lane_.core().pending() + (outbox_.holds() ? outbox_.requests() : 0);
  }
  /// The messages of the actor.
  [[nodiscard]] const message_codec& codec() const noexcept {
    return *codec_.load(std::memory_order_acquire);
  }
  /// Somebody knows which they are, where nobody did.
  void learn(const message_codec& codec) noexcept {
    codec_.store(&codec, std::memory_order_release);
  }
  /// The lane outlasts the handles, and this process. Before it is started.
  void stay_open() noexcept { stays_open_ = true; }
  /// True while requests are refused at once, since its process is being started again.
  [[nodiscard]] bool refuses() const noexcept { return refuses_.load(std::memory_order_relaxed); }
  /// Has the actor's own process serve a lane to somebody who is to reach it straight.
  /// @returns false: it cannot, or has other messages than `codec`'s; the lane's end is as before.
  virtual bool hand_over(const actor_server& lane, const message_codec& codec);

 protected:
  /// Starts the pump. Once.
  void run_pump(const caf::strong_actor_ptr& proxy);
  /// Serves until it is over. @returns the reason for monitors.
  virtual caf::error live() = 0;
  /// The proxy has ended, or had gone; the process may be here still.
  virtual void part(const caf::error& reason) = 0;
  /// What requests are refused with while `refuses_`.
  [[nodiscard]] virtual caf::error refusal() = 0;

  /// Takes answers in and runs who waits for them; looks, then sleeps, where there is nothing,
  /// until it is called.
  /// @limits rings false: something is to be sent when there is room, which nobody rings for.
  /// @returns nothing: look at what it may have been called for, and go on. Else why the lane is of
  /// no use.
  std::error_code pump_once(bool rings = true);
  /// @limits the pump's, or before it runs. @returns as pump_once; full: later.
  std::error_code begin_watch(std::uint32_t number);
  /// Sends a frame that is its number alone, after all that was sent before.
  /// @limits the pump's. @returns full: later.
  std::error_code post_frame(std::uint32_t number);
  /// Has the pump look at what it was called for.
  void call() noexcept;
  /// Requests that are kept are answered with an error.
  void refuse_kept(const caf::error& why);
  [[nodiscard]] bool stays_open() const noexcept { return stays_open_; }
  [[nodiscard]] bool is_let_go() const noexcept { return let_go_.load(std::memory_order_acquire); }
  [[nodiscard]] caf::strong_actor_ptr proxy() const { return proxy_.lock(); }

  actor_client lane_;
  pump_unit* unit_;
  system_state* state_;
  const bulkhead::detail::request_terms terms_;  ///< Of every request.
  end_watch watch_;
  call_ticket watch_ticket_;
  std::atomic<bool> refuses_{false};

 private:
  friend class pending_request;

  /// What is being sent.
  struct outgoing {
    const caf::strong_actor_ptr& proxy;
    const caf::mailbox_element& message;
    const compat::message_values& content;
    std::uint32_t number;  ///< What it begins with (actor_lane.hpp).
    std::size_t size;      ///< Without the head.
    bool waits;
  };

  void run() noexcept;
  void shut();
  void refuse_unsent(const caf::error& why);
  [[nodiscard]] std::size_t size_of(const compat::message_values& content,
                                    std::uint32_t number) const;
  void write(const compat::message_values& content, std::uint32_t number,
             bulkhead::detail::encoder& to) const;
  caf::error pass(const caf::strong_actor_ptr& proxy, const caf::mailbox_element& message,
                  compat::unit* host);
  [[nodiscard]] std::unique_ptr<pending_request> request_of(const outgoing& what);
  void drop(const caf::error& why);

  // Straight into the lane: remote_peer.cpp.
  caf::error post(const outgoing& what);
  caf::error request(const outgoing& what);

  // By way of memory of this process: remote_letters.cpp.
  [[nodiscard]] letter write_letter(const outgoing& what);
  caf::error send_letter(letter message, bool waits);
  std::error_code advance(letter& message, bulkhead::detail::patience how_long);
  [[nodiscard]] caf::error failure_of(const std::error_code& why) const;
  caf::error keep(letter message);
  bool flush();
  void wait_for_kept();

  std::atomic<const message_codec*> codec_;
  bool stays_open_ = false;
  caf::weak_actor_ptr proxy_;
  idle_poll poll_;                   ///< The pump's.
  idle_poll room_poll_;              ///< The same, while messages are kept.
  std::atomic<bool> called_{false};  ///< The pump is to look at what follows.
  std::atomic<bool> let_go_{false};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<bool> is_lost_{false};  ///< The lane is closed by this end; `lost_` says why.
  caf::error lost_;
  lane_outbox outbox_;
};

}  // namespace bulkhead::actors::detail

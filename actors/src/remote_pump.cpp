// The thread that takes answers in; remote_peer.cpp sends.
#include <bulkhead/actors/remote_error.hpp>
#include <chrono>

#include "error_bytes.hpp"
#include "remote_peer.hpp"

namespace bulkhead::actors::detail {

using bulkhead::detail::encoder;
using bulkhead::detail::patience;

namespace {

using namespace std::chrono_literals;

// Nobody rings when there is room.
constexpr auto room_looks = 1ms;

bool is_over(const std::error_code& ec) { return ec && ec != errc::timed_out && ec != errc::full; }

// A step of the end: one that fails, for want of memory, keeps none of the others from being done.
// @returns false: it failed.
template <class Step>
bool attempt(Step step) noexcept {
  try {
    step();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

bool end_watch::replied(std::span<const std::byte> value, bulkhead::detail::message_endpoints&) {
  reason = decode_error(value);
  by_actor = true;
  return true;
}

void end_watch::failed(const call_failure& why) noexcept {
  reason = error_for(why.code, why.status);
  by_actor = false;
}

std::error_code remote_peer::begin_watch(std::uint32_t number) {
  watch_.reason.reset();
  return lane_.core().begin_with(
      2 * frame_number_bytes,
      [number](encoder& to) {
        bulkhead::detail::encode(to, watch_frame);
        bulkhead::detail::encode(to, number);
      },
      watch_, {.ends_with_server = true}, patience::none(), watch_ticket_);
}

std::error_code remote_peer::post_frame(std::uint32_t number) {
  if (outbox_.holds()) return errc::full;
  return lane_.core().post_with(
      frame_number_bytes, [number](encoder& to) { bulkhead::detail::encode(to, number); },
      patience::none());
}

void remote_peer::run_pump(const caf::strong_actor_ptr& proxy) {
  proxy_ = caf::actor_cast<caf::weak_actor_ptr>(proxy);
  start_thread([self = shared_from_this()] { self->run(); });
}

void remote_peer::call() noexcept {
  called_.store(true, std::memory_order_release);
  lane_.core().wake();
}

void remote_peer::let_go() noexcept {
  let_go_.store(true, std::memory_order_release);
  call();
}

std::error_code remote_peer::pump_once(bool rings) {
  std::error_code ec;
  if (outbox_.holds() || !rings) {
    const bool found = room_poll_.find([&] {
      const bool moved = flush();
      ec = lane_.core().pump(patience::none());
      return moved || ec != errc::full || called_.load(std::memory_order_relaxed);
    });
    if (!found) {
      const bool idle = unit_->is_idle();
      ec = lane_.core().pump(idle ? patience::lasting(room_looks) : patience::none(), &called_);
    }
  } else if (!unit_->is_idle()) {
    ec = lane_.core().pump(patience::none());
  } else if (!poll_.find([&] {
               ec = lane_.core().pump(patience::none());
               return ec != errc::full || called_.load(std::memory_order_relaxed);
             })) {
    ec = lane_.core().pump(patience::forever(), &called_);
    poll_.woke();
  }
  unit_->run();
  // Before the caller looks at what it may have been called for. Acquire: then it sees that.
  if (called_.load(std::memory_order_relaxed)) called_.exchange(false, std::memory_order_acquire);
  return is_over(ec) ? ec : std::error_code();
}

// What is under way is told. An end that came as an argument is this process's next incarnation's.
void remote_peer::shut() {
  if (stays_open_) {
    lane_.core().abandon();
  } else {
    lane_.close();
  }
}

void remote_peer::refuse_unsent(const caf::error& why) {
  for (const letter& one : outbox_.close()) {
    if (!one.asks) continue;
    if (one.is_open) lane_.core().cancel(one.ticket);
    one.asks->refuse(why);
  }
}

// What `live` throws is an end as any other: of those who wait none may wait for ever.
void remote_peer::run() noexcept {
  unit_->adopt();
  caf::error reason;
  if (!attempt([&] { reason = live(); })) {
    attempt([&] { reason = error_for(errc::closed); });
  }
  attempt([&] { lane_.core().cancel(watch_ticket_); });
  attempt([&] { lost_ = is(reason, errc::peer_crashed) ? reason : error_for(errc::closed); });
  is_lost_.store(true, std::memory_order_release);
  attempt([&] { shut(); });
  // An actor that waits for its end need not wait for the process's.
  attempt([&] {
    if (const auto here = proxy()) {
      static_cast<caf::actor_proxy*>(here->get())->kill_proxy(unit_, reason);
    }
  });
  attempt([&] { shut(); });  // nobody sends from now on
  attempt([&] { refuse_unsent(lost_); });
  // Not here until none is ready: two that talk to each other are so for ever.
  attempt([&] { unit_->run(); });
  unit_->hand_over();
  attempt([&] { part(reason); });
  unit_->hand_over();
  compat::forget_logger();
  set_done();
}

}  // namespace bulkhead::actors::detail

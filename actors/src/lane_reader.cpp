#include "lane_reader.hpp"

#include <algorithm>
#include <bulkhead/this_process.hpp>
#include <chrono>
#include <thread>

#include "lane_answer.hpp"
#include "lane_sender.hpp"
#include "system_state.hpp"

namespace bulkhead::actors::detail {

using bulkhead::detail::call_origin;
using bulkhead::detail::patience;
using bulkhead::detail::pipe_core;
using bulkhead::detail::pipe_message;

namespace {

using namespace std::chrono_literals;

constexpr std::size_t messages_at_once = 64;
// What an actor may have in its mailbox; the rest stays in the lane. One that runs here has more
// only where it puts messages off (`await`, skipped ones), or is sent many by others: what it waits
// for may come behind these.
constexpr std::size_t credit_elsewhere = 256;
constexpr std::size_t credit_here = 16384;
constexpr auto watcher_patience = 2s;
constexpr auto room_looks = 1ms;

}  // namespace

lane_reader::lane_reader(const pipe_core& lane, const message_codec& codec, hosting how,
                         system_state& state, pump_unit& unit)
    : lane_(&lane),
      codec_(&codec),
      how_(how),
      lives_before_(lane.restarts()),
      is_current_(how != hosting::supervised_new || lives_before_ == 0),
      state_(&state),
      unit_(&unit),
      end_(std::make_shared<served_end>(lane)) {}

void lane_reader::attach(caf::strong_actor_ptr actor) {
  actor_ = std::move(actor);
  keeps_.store(actor_->id(), std::memory_order_release);
  const bool is_elsewhere = how_ == hosting::lent || compat::runs_elsewhere(actor_);
  credit_ = is_elsewhere ? credit_elsewhere : credit_here;
  tally_ = compat::make_proxy<lane_sender>(state_->caf());
  compat::on_exit(actor_, [weak = std::weak_ptr(end_)](const caf::error& reason) {
    if (const auto end = weak.lock()) end->tell_end(reason);
  });
}

bool lane_reader::serve() {
  bool reachable = true;
  while (!end_->is_over() && reachable) {
    reachable = go_on(is_busy() ? await_handled() : take_first());
  }
  if (reachable && has_ended()) await_watcher();
  return reachable;
}

// Takes what came with the first, and runs the actor. @returns as take.
bool lane_reader::go_on(bool reachable) {
  for (std::size_t n = 1; n < messages_at_once && reachable && took_ && !is_busy(); ++n) {
    reachable = take(patience::none(), nullptr);
  }
  unit_->run();
  return reachable;
}

bool lane_reader::step() {
  const bool sent = end_->flush();
  took_ = false;
  const bool reachable = is_busy() || take(patience::none(), nullptr);
  const bool took = took_;
  go_on(reachable);
  return sent || took;
}

// What it answered before it ended comes first.
void lane_reader::answer_watcher() {
  end_->settle();
  if (watcher_) answer_with_error(*end_, *watcher_, reason(), false);
  end_->settle();
}

bool lane_reader::is_busy() const {
  return end_->is_laden() || (tally_ != nullptr && compat::references(tally_) > credit_);
}

// Nobody rings when a message is handled, or when there is room for an answer. @returns as take.
bool lane_reader::await_handled() {
  took_ = false;
  auto step = 50us;
  while (is_busy() && !end_->is_over()) {
    if (this_process::stop_requested()) return false;
    unit_->run();
    if (end_->holds_answers() && end_->flush()) step = 50us;
    if (!unit_->is_idle()) continue;
    std::this_thread::sleep_for(step);
    step = std::min<std::chrono::microseconds>(2 * step, 1ms);
  }
  return true;
}

// Waits for the next message, unless there is other work. @returns as take.
bool lane_reader::take_first() {
  // Acquire: who called has put there what it called for.
  if (end_->called().load(std::memory_order_relaxed)) {
    end_->called().exchange(false, std::memory_order_acquire);
    if (end_->is_over()) return true;
  }
  if (end_->holds_answers()) return take_beside_answers();
  if (!unit_->is_idle()) return take(patience::none(), nullptr);
  bool reachable = true;
  const bool found = poll_.find([&] {
    reachable = take(patience::none(), nullptr);
    return took_ || !reachable || end_->called().load(std::memory_order_relaxed);
  });
  if (found) return reachable;
  reachable = take(patience::forever(), &end_->called());
  poll_.woke();
  return reachable;
}

// Sends answers that are kept, for which nobody rings.
bool lane_reader::take_beside_answers() {
  bool reachable = true;
  const bool found = room_poll_.find([&] {
    const bool moved = end_->flush();
    reachable = take(patience::none(), nullptr);
    return moved || took_ || !reachable || end_->called().load(std::memory_order_relaxed);
  });
  if (found || !unit_->is_idle()) return reachable;
  return take(patience::lasting(room_looks), &end_->called());
}

// @returns false: no more will come.
bool lane_reader::take(patience how_long, const std::atomic<bool>* over) {
  pipe_message message;
  call_origin whose;
  const auto ec = bulkhead::detail::take_request(*lane_, how_long, message, whose, over);
  took_ = !ec && message.locked != nullptr;
  if (!took_) return !ec || ec == errc::full || ec == errc::timed_out;
  // What cannot be read costs that message only.
  caf::mailbox_element_ptr element;
  const auto why = read(message.bytes.subspan(bulkhead::detail::call_head_bytes), whose, element);
  if (why) refuse(whose, why);
  lane_->finish(message);
  if (element != nullptr && actor_ != nullptr) actor_->enqueue(std::move(element), unit_);
  return true;
}

void lane_reader::await_watcher() {
  const auto end = std::chrono::steady_clock::now() + watcher_patience;
  while (!watcher_ && std::chrono::steady_clock::now() < end) {
    if (!take(patience::lasting(100ms), nullptr)) return;
  }
}

}  // namespace bulkhead::actors::detail

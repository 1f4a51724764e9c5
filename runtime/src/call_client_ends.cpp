#include <sched.h>
#include <algorithm>
#include <bulkhead/detail/async_operation.hpp>
#include <cstring>

#include "call_client_state.hpp"
#include "call_telling.hpp"
#include "process_context.hpp"

// What becomes of requests: replies, deaths of the server, deadlines.
namespace bulkhead::detail {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

// Nobody rings when there is room for what is to be sent again.
constexpr auto backlog_patience = 5ms;

// Only this caller hears of these; all others end whatever is under way.
bool is_of_the_caller(const std::error_code& ec) {
  return ec == errc::timed_out || ec == errc::full || ec == errc::stop_requested ||
         ec == errc::not_initialised;
}

}  // namespace

// --- replies ---

// @returns well: something has happened. Else why this caller must stop.
std::error_code call_client_state::take(const wait_break& other, const time_limit& until) {
  if (has_backlog_.load(std::memory_order_relaxed)) flush();
  time_point look_again = next_deadline();
  if (has_backlog_.load(std::memory_order_relaxed)) {
    look_again = std::min(look_again, steady_clock::now() + backlog_patience);
  }
  pipe_message message;
  const status s = lane_->take_or(&other, until.left(look_again), message);
  if (!s.failed() && message.locked != nullptr) return settle(message);
  if (next_deadline() != time_point::max()) expire(steady_clock::now());
  if (!s.failed()) {
    settle_waiting_death();
    return {};
  }
  if (s == errc::peer_restarted) {
    settle_deaths();
    return {};
  }
  if (s == errc::timed_out && !until.is_over()) return {};
  if (!is_of_the_caller(s.code())) fail_all(s.code());
  return s.code();
}

// All that are there. Leaves a death to the caller.
std::error_code call_client_state::drain() {
  class never final : public wait_break {
    [[nodiscard]] bool is_due() const noexcept override { return false; }
  };
  const never nothing;
  const time_limit now(patience::none());
  for (;;) {
    const std::error_code ec = take(nothing, now);
    if (ec == errc::full) return {};
    if (ec) return ec;
  }
}

// The slot is closed before anybody is told, so a request has one end; and told before the place is
// free, so the reply is read where it lies. A reply that finds no slot is late, or forged.
std::error_code call_client_state::settle(pipe_message& message) {
  core::reply_head head;
  const std::span<const std::byte> bytes = message.bytes;
  if (bytes.size() < sizeof head) return end_.report_corrupt();
  std::memcpy(&head, bytes.data(), sizeof head);
  call_continuation* to = nullptr;
  if (head.asker == me_) {
    const core::slot_name name{head.generation, head.slot};
    const std::lock_guard lock(mutex_);
    const pending_call* const call = table_.find(name);
    if (call != nullptr && call->is_made()) {
      to = end_call(name, *call);
    }
  }
  std::error_code ec;
  if (to != nullptr && head.kind == core::reply_head::value) {
    ec = tell_reply(*to, bytes.subspan(sizeof head), end_);
  } else if (to != nullptr) {
    ec = tell_thrown(*to, bytes.subspan(sizeof head));
  }
  if (ec == errc::corrupt) static_cast<void>(end_.report_corrupt());
  end_.finish(message);
  if (to != nullptr) told_.fetch_add(1, std::memory_order_relaxed);
  // Its thread may sleep while this one was awake.
  lane_->wake_own_receivers();
  return {};
}

// As `tell_reply`.
std::error_code call_client_state::tell_thrown(call_continuation& to,
                                               std::span<const std::byte> bytes) {
  thrown_record thrown;
  std::error_code ec;
  try {
    if (!decode_all(bytes, thrown)) ec = errc::corrupt;
  } catch (...) {
    ec = error_of_exception();
  }
  to.failed({.code = ec, .status = {}, .thrown = ec ? nullptr : &thrown});
  return ec;
}

std::error_code call_client_state::wait(call_waiter& waiter, const call_ticket& ticket,
                                        patience how_long) {
  const time_limit until(how_long);
  const call_break done(*this, [&] { return waiter.is_done(); });
  while (!waiter.is_done()) {
    const std::error_code ec = take(done, until);
    if (!ec || waiter.is_done()) continue;
    if (drop(ticket)) return ec;
    // Another thread has closed the slot, and is telling.
    while (!waiter.is_done()) sched_yield();
  }
  return {};
}

std::error_code call_client_state::pump(patience how_long, const std::atomic<bool>* over) {
  // Acquire: who sees it sees why it was set.
  const auto is_over = [over] { return over != nullptr && over->load(std::memory_order_acquire); };
  const call_break called(*this, is_over);
  const time_limit until(how_long);
  const std::uint64_t before = told_.load(std::memory_order_relaxed);
  while (until.may_wait() && told_.load(std::memory_order_relaxed) == before && !is_over()) {
    if (const auto ec = take(called, until)) return ec;
  }
  const std::error_code ec = drain();
  settle_waiting_death();
  const bool nothing = told_.load(std::memory_order_relaxed) == before;
  return !ec && nothing && !until.may_wait() ? make_error_code(errc::full) : ec;
}

std::uint32_t call_client_state::pending() {
  const std::lock_guard lock(mutex_);
  return table_.size();
}

// --- deaths of the server ---

bool call_client_state::is_death_due() const noexcept {
  const core::pipe_end_record& server = lane_->view().record(1 - lane_->end());
  // Acquire: who sees the state sees how many restarts came before it.
  return server.state.load(std::memory_order_acquire) == core::end_state::awaited &&
         server.restarts.load(std::memory_order_relaxed) >=
             deaths_settled_.load(std::memory_order_relaxed);
}

// Restarts that were read about in the lane: all replies from before have been taken in.
void call_client_state::settle_deaths() {
  const core::pipe_view& lane = lane_->view();
  continuations failing;
  {
    const std::lock_guard lock(mutex_);
    // Acquire: who sees how many were seen sees what they left.
    const std::uint32_t seen =
        lane.positions(lane_->end()).restarts_seen.load(std::memory_order_acquire);
    std::uint32_t settled = deaths_settled_.load(std::memory_order_relaxed);
    for (; settled < seen; ++settled) {
      const auto& heads = lane.record(1 - lane_->end()).heads;
      settle_death(heads[settled % core::pipe_marks].load(std::memory_order_relaxed), failing);
    }
    deaths_settled_.store(settled, std::memory_order_relaxed);
  }
  fail(failing, errc::peer_restarted);
  flush();
}

// The state and the count are two words, so that between the stores of a restart they look like
// another death. The keeper is done with both when it answers.
bool call_client_state::is_dead_since(std::uint32_t restarts) const {
  try {
    const pipe_peer server = end_.peer();
    return server.what == pipe_peer::state::awaited && server.restarts == restarts;
  } catch (const std::exception&) {  // no keeper: there will be no restart either
    return false;
  }
}

// A death whose restart has not come yet: nobody need wait for that. The dead one's head stands
// still as long as the state is the same.
void call_client_state::settle_waiting_death() {
  const core::pipe_view& lane = lane_->view();
  const core::pipe_end_record& server = lane.record(1 - lane_->end());
  if (!is_death_due()) return;
  const std::uint32_t deaths = server.restarts.load(std::memory_order_acquire);
  if (!is_dead_since(deaths) || drain()) return;
  continuations failing;
  {
    const std::lock_guard lock(mutex_);
    if (deaths_settled_.load(std::memory_order_relaxed) > deaths) return;
    // What it had answered is in, unless there were more deaths that we have not read about.
    // Acquire: who sees how many were seen took in what came before.
    if (lane.positions(lane_->end()).restarts_seen.load(std::memory_order_acquire) != deaths) {
      return;
    }
    const std::uint64_t head =
        lane.positions(1 - lane_->end()).head.load(std::memory_order_acquire);
    // After the head: the next incarnation moves it only after both have changed.
    if (server.state.load(std::memory_order_acquire) != core::end_state::awaited ||
        server.restarts.load(std::memory_order_acquire) != deaths) {
      return;
    }
    settle_death(head, failing);
    deaths_settled_.store(deaths + 1, std::memory_order_relaxed);
  }
  fail(failing, errc::peer_restarted);
  flush();
}

// Under the table's lock. What the dead one had taken fails, or is put behind the backlog in the
// order in which it was sent; what it had not taken stays in the lane, unless it ends with the
// server.
void call_client_state::settle_death(std::uint64_t head, continuations& failing) {
  const std::uint64_t ring_bytes = lane_->view().shape().directions[lane_->end()].ring_bytes;
  struct resent {
    std::uint64_t age = 0;
    call_ticket ticket;
  };
  std::vector<resent> again;
  table_.each([&](const core::slot_name& name, pending_call& call) {
    const std::uint64_t position = call.position.load(std::memory_order_acquire);
    const std::uint64_t first = call.first_piece.load(std::memory_order_acquire);
    if (position == 0 && first != 0) call.lost |= core::was_taken(first, head, ring_bytes);
    const bool ends = call.ends_with_server || core::was_taken(position, head, ring_bytes);
    if (position == 0 || !ends) return;
    if (call.kept.empty()) {
      failing.push_back(end_call(name, call));
      return;
    }
    call.position.store(0, std::memory_order_relaxed);
    call.waits_for_room = true;
    again.push_back(
        {core::frame_position{head}.units_since({position}), {name.generation, name.slot}});
  });
  std::sort(again.begin(), again.end(),
            [](const resent& a, const resent& b) { return a.age > b.age; });
  for (const resent& r : again) backlog_.push_back(r.ticket);
  if (!again.empty()) has_backlog_.store(true, std::memory_order_relaxed);
}

// Sends again what there is room for. Where the lane is at its end, whoever takes from it hears so.
void call_client_state::flush() {
  const std::lock_guard lock(mutex_);
  std::size_t sent = 0;
  for (; sent < backlog_.size(); ++sent) {
    const call_ticket& ticket = backlog_[sent];
    pending_call* const call = table_.find({ticket.generation, ticket.slot});
    if (call == nullptr) continue;
    pipe_place place;
    if (lane_->reserve(call->kept.size(), patience::none(), place).failed()) break;
    std::memcpy(place.bytes, call->kept.data(), call->kept.size());
    // Release: as for the first time.
    call->position.store(lane_->next_tail(), std::memory_order_release);
    call->waits_for_room = false;
    static_cast<void>(lane_->publish(place));
  }
  backlog_.erase(backlog_.begin(), backlog_.begin() + static_cast<std::ptrdiff_t>(sent));
  has_backlog_.store(!backlog_.empty(), std::memory_order_relaxed);
}

// --- other ends ---

void call_client_state::expire(time_point now) {
  if (next_deadline() > now) return;
  continuations failing;
  {
    const std::lock_guard lock(mutex_);
    time_point next = time_point::max();
    table_.each([&](const core::slot_name& name, pending_call& call) {
      if (call.deadline <= now && call.is_made()) {
        failing.push_back(end_call(name, call));
      } else {
        next = std::min(next, call.deadline);
      }
    });
    next_deadline_ns_.store(next.time_since_epoch().count(), std::memory_order_relaxed);
  }
  fail(failing, errc::timed_out);
}

void call_client_state::fail_all(std::error_code why) {
  if (!lane_->context().in_original_process()) return;
  continuations failing;
  {
    const std::lock_guard lock(mutex_);
    table_.each([&](const core::slot_name& name, const pending_call& call) {
      if (!call.is_made()) return;
      failing.push_back(end_call(name, call));
    });
    backlog_.clear();
    has_backlog_.store(false, std::memory_order_relaxed);
  }
  fail(failing, why);
}

void call_client_state::fail(const continuations& all, std::error_code why) {
  if (all.empty()) return;
  call_failure failure{.code = why, .status = {}};
  if (why == errc::peer_crashed || why == errc::peer_restarted) {
    try {
      failure.status = end_.peer().status;
    } catch (const std::exception&) {  // no keeper: then nobody knows
    }
  }
  for (call_continuation* const to : all) to->failed(failure);
  told_.fetch_add(1, std::memory_order_relaxed);
  lane_->wake_own_receivers();
}

}  // namespace bulkhead::detail

#include "queue_state.hpp"

#include <bit>
#include <cstring>
#include <thread>

#include "core/closing.hpp"
#include "process_context.hpp"

namespace bulkhead::detail {
namespace {

core::lease lease_of(const taken& message) {
  return {message.lane, message.position, core::slot_word{message.word}};
}

std::error_code error_of(core::outcome outcome) {
  switch (outcome) {
    case core::outcome::done:
      return {};
    case core::outcome::closed:
      return errc::closed;
    case core::outcome::too_large:
      return errc::too_large;
    case core::outcome::no_memory:
      return std::make_error_code(std::errc::not_enough_memory);
    case core::outcome::full:
      return errc::full;
  }
  return errc::corrupt;
}

// Full is what a call waits for; everything else ends it.
attempt_result ended_unless_full(core::outcome outcome) {
  if (outcome == core::outcome::full) return std::nullopt;
  return error_of(outcome);
}

}  // namespace

queue_state::participation::participation(const core::queue_view& view, os::queue_memory& memory,
                                          const seat_grant& grant)
    : consumer(view, grant.seat, grant.epoch),
      producer(view, grant.seat, memory),
      receivers(view, core::side::receivers, grant.seat),
      senders(view, core::side::senders, grant.seat),
      sent_before(grant.sent_before) {}

queue_state::queue_state(std::shared_ptr<process_context> context, std::uint64_t id,
                         std::string name, std::unique_ptr<os::queue_memory> memory)
    : context_(std::move(context)), id_(id), name_(std::move(name)), memory_(std::move(memory)) {}

// In a forked copy the mappings are not there, and something else may be in their place.
queue_state::~queue_state() {
  if (!context_->usable()) static_cast<void>(memory_.release());
  context_->queue_let_go(id_);
}

void queue_state::take_seat(const seat_grant& grant) {
  const std::lock_guard lock(join_mutex_);
  if (participation_ != nullptr)
    return;  // another thread asked as well; the keeper answers both alike
  memory_->own_seat(grant.seat);
  participation_ = std::make_unique<participation>(view(), *memory_, grant);
  joined_.store(participation_.get(), std::memory_order_release);
}

// The seat comes with the first call that needs one. While all are taken and some belong to the
// dead, they become free as their lanes drain, which nobody announces; so we ask again, 200 times a
// second.
std::error_code queue_state::join(patience how_long, participation*& out) {
  if (auto ec = check_alive()) return ec;
  while ((out = joined_.load(std::memory_order_acquire)) == nullptr) {
    std::error_code ec;
    if (auto seat = context_->join_queue(id_, ec)) {
      take_seat({seat->seat, seat->epoch, seat->sent_before});
    } else if (ec != errc::full) {
      return ec;
    } else if (how_long.how == patience::kind::none) {
      return errc::full;
    } else if (how_long.how == patience::kind::until &&
               std::chrono::steady_clock::now() >= how_long.deadline) {
      return errc::timed_out;
    } else if (context_->stop_requested()) {
      return errc::stop_requested;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  return {};
}

std::error_code queue_state::check_alive() const {
  if (!context_->usable()) return errc::not_initialised;
  if (view().header().corrupt.load(std::memory_order_relaxed) != 0) return errc::corrupt;
  return {};
}

std::uint32_t queue_state::known_seat() const {
  const auto* me = joined_.load(std::memory_order_acquire);
  return me != nullptr ? me->consumer.seat() : core::seats_max;
}

// --- sending ---

attempt_result queue_state::try_reserve(participation& me, std::size_t size, open_place& out) {
  std::unique_lock lock(me.lane_mutex);
  if (auto ec = check_alive()) return ec;
  if (view().header().closed.load(std::memory_order_acquire) != core::closed_state::open) {
    return make_error_code(errc::closed);
  }
  core::place place;
  const core::outcome outcome = me.producer.reserve(size, place);
  if (outcome == core::outcome::done) {
    out.bytes = place.bytes;
    out.size = place.size;
    out.position = place.position;
    out.block = place.block;
    out.locked = this;
    lock.release();
    return std::error_code{};
  }
  return ended_unless_full(outcome);
}

std::error_code queue_state::reserve(std::size_t size, patience how_long, open_place& out) {
  participation* me = nullptr;
  if (auto ec = join(how_long, me)) return ec;
  attempt_of step([&]() -> attempt_result {
    if (auto result = try_reserve(*me, size, out)) return result;
    if (how_long.how != patience::kind::none && context_->stop_requested()) {
      return make_error_code(errc::stop_requested);
    }
    return std::nullopt;
  });
  return me->senders.wait(step, how_long);
}

std::error_code queue_state::publish(open_place& place) {
  participation& me = *joined_.load(std::memory_order_acquire);
  const core::outcome outcome =
      me.producer.publish({place.position, place.size, place.bytes, place.block});
  place.locked = nullptr;
  me.lane_mutex.unlock();
  // S5, after the publication and its barrier.
  const core::parked_set sleepers(view(), core::side::receivers);
  if (outcome == core::outcome::done && sleepers.any()) sleepers.wake_one();
  return error_of(outcome);
}

void queue_state::unlock_lane() { joined_.load(std::memory_order_acquire)->lane_mutex.unlock(); }

std::error_code queue_state::sent(std::uint64_t& out) {
  participation* me = nullptr;
  if (auto ec = join(patience::forever(), me)) return ec;
  const std::lock_guard lock(me->lane_mutex);
  out = me->producer.sent() - me->sent_before;
  return {};
}

// --- receiving ---

attempt_result queue_state::try_take(participation& me, taken& out, bool waiting) {
  if (auto ec = check_alive()) return ec;
  if (waiting && context_->stop_requested()) return make_error_code(errc::stop_requested);
  const std::lock_guard lock(me.receive_mutex);
  core::lease held;
  if (me.consumer.take(held)) {
    out = {held.lane, held.position, held.word.bits};
    return std::error_code{};
  }
  if (core::is_over_for(view(), me.consumer.seat())) return make_error_code(errc::closed);
  return std::nullopt;
}

std::error_code queue_state::take(patience how_long, taken& out) {
  participation* me = nullptr;
  if (auto ec = join(how_long, me)) return ec;
  const bool waiting = how_long.how != patience::kind::none;
  attempt_of step([&] { return try_take(*me, out, waiting); });
  return me->receivers.wait(step, how_long);
}

std::optional<std::span<const std::byte>> queue_state::payload(const taken& message) {
  const core::slot& slot = view().slot_at(message.lane, core::index_of(message.position));
  const std::size_t size = slot.meta >> 32;
  if (size <= view().shape().inline_bytes) return std::span(slot.payload, size);
  std::uint64_t offset = 0;
  std::memcpy(&offset, slot.payload, sizeof offset);
  const std::byte* area = memory_->read(message.lane);
  const std::size_t bytes = view().layout().payload_bytes;
  if (area == nullptr || offset > bytes || size > bytes - offset) return std::nullopt;
  return std::span(area + offset, size);
}

void queue_state::acknowledge(const taken& message) {
  if (context_->usable()) core::acknowledge(view(), lease_of(message));
}

void queue_state::release(const taken& message) {
  if (!context_->usable()) return;
  const core::lease held = lease_of(message);
  const std::uint32_t bound = view().shape().max_deliveries;
  if (bound == 0 || held.deliveries() < bound) return core::release(view(), held);
  core::set_aside(view(), held);
  context_->bury_used_up(id_);
}

// --- forward ---

// A record is held for the length of one forward, which waits for nothing; so the wait for one is
// short.
std::uint32_t queue_state::participation::claim_record() {
  constexpr std::uint64_t all = (std::uint64_t{1} << core::records_per_seat) - 1;
  std::unique_lock lock(record_mutex);
  record_freed.wait(lock, [&] { return records_used != all; });
  const auto record = static_cast<std::uint32_t>(std::countr_one(records_used));
  records_used |= std::uint64_t{1} << record;
  return record;
}

void queue_state::participation::free_record(std::uint32_t record) {
  {
    const std::lock_guard lock(record_mutex);
    records_used &= ~(std::uint64_t{1} << record);
  }
  record_freed.notify_one();
}

namespace {

/// Stages results in a lane, until one finds no room.
class staging_sink final : public result_sink {
 public:
  staging_sink(core::producer& lane, std::size_t credit) : lane_(&lane), credit_(credit) {}
  std::byte* next(std::size_t size) override {
    core::place place;
    outcome_ = lane_->stage(size, credit_, place);
    if (outcome_ != core::outcome::done) return nullptr;
    ++staged_;
    return place.bytes;
  }
  [[nodiscard]] core::outcome outcome() const { return outcome_; }
  [[nodiscard]] std::size_t staged() const { return staged_; }

 private:
  core::producer* lane_;
  std::size_t credit_;
  std::size_t staged_ = 0;
  core::outcome outcome_ = core::outcome::done;
};

}  // namespace

attempt_result queue_state::try_forward(participation& me, const core::lease& held,
                                        queue_state& out, const result_source& results) {
  participation& there = *out.joined_.load(std::memory_order_acquire);
  const std::unique_lock lock(there.lane_mutex);
  if (auto ec = out.check_alive()) return ec;
  if (out.view().header().closed.load(std::memory_order_acquire) != core::closed_state::open) {
    return make_error_code(errc::closed);
  }
  // Into its own lane the place that the input frees counts as free.
  const std::size_t credit = &out == this && held.lane == me.consumer.seat() ? 1 : 0;
  if (!there.producer.has_room(results.count(), credit)) return std::nullopt;
  staging_sink sink(there.producer, credit);
  results.write(sink);
  if (sink.outcome() != core::outcome::done) {
    there.producer.drop_staged();
    return ended_unless_full(sink.outcome());
  }
  const std::uint32_t record = me.claim_record();
  const core::forward_input input{&view(), held};
  const core::forward_output output{&there.producer, sink.staged()};
  const core::outcome outcome =
      core::forward({&input, 1}, {&output, 1}, view().seat(me.consumer.seat()).records[record],
                    std::uint64_t{1} << record);
  me.free_record(record);
  if (outcome == core::outcome::done) core::wake_after_forward({&input, 1}, {&output, 1});
  return error_of(outcome);
}

std::error_code queue_state::forward(const taken& message, queue_state& out,
                                     const result_source& results, patience how_long) {
  participation* me = nullptr;
  participation* there = nullptr;
  if (auto ec = join(how_long, me)) return ec;
  if (auto ec = out.join(how_long, there)) return ec;
  if (results.count() > out.view().shape().capacity) return errc::too_large;
  const core::lease held = lease_of(message);
  attempt_of step([&]() -> attempt_result {
    if (auto result = try_forward(*me, held, out, results)) return result;
    if (how_long.how != patience::kind::none && context_->stop_requested()) {
      return make_error_code(errc::stop_requested);
    }
    return std::nullopt;
  });
  return there->senders.wait(step, how_long);
}

// --- waiting for several things ---

bool queue_state::is_ready() const {
  if (check_alive()) return true;
  const std::uint32_t lanes = view().seats_used();
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    for (std::uint32_t n = 0; view().is_used(lane) && n < view().ring_slots(); ++n) {
      const core::slot_word word = view().slot_at(lane, n).load(std::memory_order_acquire);
      if (word.is(core::slot_state::ready)) return true;
    }
  }
  return core::is_over_for(view(), known_seat());
}

// --- closing ---

void queue_state::close() {
  if (context_->usable()) core::close(view());
}

std::error_code queue_state::mark_corrupt() {
  view().header().corrupt.store(1, std::memory_order_release);
  core::parked_set(view(), core::side::receivers).wake_all();
  core::parked_set(view(), core::side::senders).wake_all();
  return errc::corrupt;
}

}  // namespace bulkhead::detail

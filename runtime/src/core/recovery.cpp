#include "core/recovery.hpp"

#include <algorithm>
#include <bulkhead/detail/prefetch.hpp>

#include "core/broken.hpp"
#include "core/closing.hpp"
#include "core/credits.hpp"
#include "core/fault_book.hpp"
#include "core/forward.hpp"
#include "core/parked_set.hpp"

namespace bulkhead::core {
namespace {

// A forward never spans more than one turn of the ring.
bool sane_range(const queue_view& queue, const forward_record::output& out) noexcept {
  const std::uint32_t slots = queue.ring_slots();
  if (out.seat >= queue.shape().participants || !is_position(out.first, slots) ||
      !is_position(out.end, slots)) {
    return false;
  }
  const std::uint64_t laps = (lap_of(out.end) - lap_of(out.first)) & lap_mask;
  return laps <= 1 && laps * slots + index_of(out.end) - index_of(out.first) <= slots;
}

// R1: a committed forward is finished, an uncommitted one forgotten (its pinned inputs are given
// back in R2). A record lies in shared memory, so what it names is checked before it is used.
void settle_record(forward_record& record, queue_finder& finder, recovery_report& report) noexcept {
  const record_state state = record.state.load(std::memory_order_acquire);
  if (state == record_state::empty) return;
  if (state == record_state::committed) {
    const auto outputs = std::min<std::size_t>(record.output_count, forward_outputs_max);
    for (std::size_t n = 0; n < outputs; ++n) {
      const forward_record::output out = record.outputs[n];
      const queue_view* queue = finder.find(out.queue);
      if (queue == nullptr) continue;
      if (sane_range(*queue, out)) {
        move_credits(*queue, record, out);
        publish_range(*queue, out.seat, out.first, out.end);
      } else {
        queue->header().signs.corrupt.store(1, std::memory_order_release);
      }
    }
    const auto inputs = std::min<std::size_t>(record.input_count, forward_inputs_max);
    for (std::size_t n = 0; n < inputs; ++n) {
      const forward_record::input in = record.inputs[n];
      const queue_view* queue = finder.find(in.queue);
      if (queue != nullptr && in.seat < queue->shape().participants &&
          index_of(in.position) < queue->ring_slots()) {
        free_pinned(*queue, in.seat, in.position, in.taker);
      }
    }
    ++report.finished;
  }
  record.state.store(record_state::empty, std::memory_order_release);
}

// Whether the place at `at` was published, and not taken back by its producer, who is dead: no
// other publishes there.
bool was_published(const queue_view& queue, std::uint32_t lane, position at) noexcept {
  // Acquire: whatever became of the message since then, its word comes after the publication.
  const slot_word w = queue.slot_at(lane, index_of(at)).load(std::memory_order_acquire);
  if (w == slot_word::make_free(lap_of(at) + 1, free_tag::withdrawn)) return false;
  return newer_lap(w.lap(), lap_of(at)) || (w.lap() == lap_of(at) && !w.is(slot_state::free));
}

// S4 for the dead: a forward by the ports looks whether its queue is closed after it published.
// What nobody has taken goes back, and so does its input. @returns false: it was sent.
bool withdrew(const queue_view& queue, std::uint32_t lane, position at) noexcept {
  // Acquire: as is_over_for.
  if (queue.header().signs.closed.load(std::memory_order_acquire) == closed_state::open)
    return false;
  const std::uint64_t lap = lap_of(at);
  return queue.slot_at(lane, index_of(at))
      .exchange_if(slot_word::make_ready(lap), slot_word::make_free(lap + 1, free_tag::withdrawn));
}

// R1 for the forward by the ports: its result is out, so its message is settled, if its word is
// still the taker's. The record ends with it: the next incarnation may take the same message by the
// same word.
void settle_handover(const attendance& where, queue_finder& finder,
                     recovery_report& report) noexcept {
  constexpr auto plain = std::memory_order_relaxed;
  detail::handover& record = where.queue->seat(where.seat).handover;
  const slot_word held{record.word.load(std::memory_order_acquire)};
  const std::uint64_t input = record.input.load(plain);
  const auto lane = static_cast<std::uint32_t>(input >> 32);
  const auto index = static_cast<std::uint32_t>(input);
  const queue_view* const out = finder.find(record.queue.load(plain));
  const std::uint64_t seat = record.seat.load(plain);
  const position output = record.output.load(plain);
  if (out != nullptr && seat < out->shape().participants &&
      is_position(output, out->ring_slots()) && lane < where.queue->shape().participants &&
      index < where.queue->ring_slots() && held.is(slot_state::leased) &&
      was_published(*out, static_cast<std::uint32_t>(seat), output)) {
    slot& s = where.queue->slot_at(lane, index);
    if (s.load(std::memory_order_acquire) == held && held.owner() == where.seat &&
        !withdrew(*out, static_cast<std::uint32_t>(seat), output)) {
      s.store(held.freed(), std::memory_order_release);  // H3
      ++report.finished;
    }
  }
  if constexpr (!broken::handover_kept) record.forget();
}

bool used_up(const queue_shape& shape, slot_word w, std::uint32_t attempts) noexcept {
  return (shape.max_attempts != 0 && attempts >= shape.max_attempts) ||
         (shape.max_deliveries != 0 && w.deliveries() >= shape.max_deliveries);
}

// R3. BURYING says that a letter may be under way, so a repetition asks the graveyard, which knows.
void bury(const attendance& where, std::uint32_t lane, std::uint32_t index,
          recovery_report& report) noexcept {
  slot& s = where.queue->slot_at(lane, index);
  const slot_word w = s.load(std::memory_order_acquire);
  const std::uint32_t attempts = attempts_of(where.queue->fault(lane, index), w.lap());
  if (where.graves != nullptr && where.graves->bury(*where.queue, {lane, index, w, attempts})) {
    s.store(w.freed(), std::memory_order_release);
    ++report.buried;
  } else {
    s.store(w.with(slot_state::poison), std::memory_order_release);
    ++report.stuck;
  }
}

// R2 for one queue.
class lane_search {
 public:
  lane_search(const attendance& where, const casualty& dead, recovery_report& report) noexcept
      : where_(where), queue_(*where.queue), dead_(dead), report_(report) {}

  /// R2 for one lane.
  void give_back_all(std::uint32_t lane) {
    const std::size_t stride = queue_.layout().slot_bytes;
    auto* at = reinterpret_cast<std::byte*>(&queue_.slot_at(lane, 0));
    const std::uint32_t slots = queue_.ring_slots();
    for (std::uint32_t index = 0; index < slots; ++index, at += stride) {
      // Memory is read at its own pace only when it knows across the page's end what comes.
      detail::fetch_to_write(at + looked_ahead_bytes);
      look_at(*reinterpret_cast<slot*>(at), lane, index);
    }
  }
  /// A message waits for R3. None comes up later by the casualty's doing.
  [[nodiscard]] bool found_dead() const noexcept { return found_dead_; }

 private:
  static constexpr std::size_t looked_ahead_bytes = 1024;
  static constexpr std::size_t room_bytes = 64 * 1024;
  static constexpr std::uint64_t deaths_on_first_page =
      (page_bytes - offsetof(death_log, deaths)) / sizeof(death_record);

  void look_at(slot& s, std::uint32_t lane, std::uint32_t index) {
    const slot_word w = s.load(std::memory_order_acquire);
    if (w.is(slot_state::burying) || w.is(slot_state::poison)) found_dead_ = true;
    if (!w.held_by(where_.seat)) return;
    fault_record& record = queue_.fault(lane, index);
    if (where_.graves != nullptr) {
      const std::size_t table = queue_.layout().faults_offset + lane * queue_.layout().fault_bytes;
      make_room(records_, table, index);
      if (lost_taker(record, w.lap())) make_room(ways_, table + queue_.layout().ways_offset, index);
    }
    const std::uint32_t attempts =
        note_fault(record, queue_.way(lane, index), w, number(), dead_.own_doing);
    if (used_up(queue_.shape(), w, attempts)) {
      s.store(w.with(slot_state::burying), std::memory_order_release);
      found_dead_ = true;
      return;
    }
    s.store(slot_word::make_ready(w.lap(), w.deliveries()), std::memory_order_release);
    ++report_.redelivered;
  }

  // A death that ends no lease needs no note.
  std::uint64_t number() {
    if (number_ == 0) {
      if (where_.graves != nullptr) {
        // Its first page, and those of the record that comes next.
        const std::size_t log = queue_.layout().deaths_offset;
        where_.graves->make_room(log, page_bytes);
        const std::uint64_t newest = queue_.deaths().newest.load(std::memory_order_acquire);
        if (newest + 4 > deaths_on_first_page) where_.graves->make_room(log, sizeof(death_log));
      }
      number_ = enter_death(queue_, dead_);
    }
    return number_;
  }

  // A table that grows page by page where few messages are held, in larger steps where many are.
  struct room {
    std::size_t to = 0;
    std::size_t step = page_bytes;
  };

  // @param table where the lane's entries begin, of 8 bytes each.
  void make_room(room& done, std::size_t table, std::uint32_t index) {
    static_assert(sizeof(fault_record) == 8 && sizeof(fault_way) == 8);
    const std::size_t at = table + index * sizeof(fault_record);
    if (at < done.to && at >= table) return;
    const std::size_t end = table + queue_.ring_slots() * sizeof(fault_record);
    const std::size_t from = at / page_bytes * page_bytes;
    done.step = from == done.to ? std::min(done.step * 2, room_bytes) : page_bytes;
    done.to = std::min(from + done.step, (end + page_bytes - 1) / page_bytes * page_bytes);
    where_.graves->make_room(from, done.to - from);
  }

  const attendance& where_;
  const queue_view& queue_;
  const casualty& dead_;
  recovery_report& report_;
  std::uint64_t number_ = 0;
  room records_;
  room ways_;
  bool found_dead_ = false;
};

// R3. Acquire: who made the word BURYING or POISON had done with the message.
void bury_all(const attendance& where, recovery_report& report) noexcept {
  where.queue->each_slot([&](std::uint32_t lane, std::uint32_t index, const slot& s) {
    const slot_word w = s.load(std::memory_order_acquire);
    if (w.is(slot_state::burying) || w.is(slot_state::poison)) bury(where, lane, index, report);
  });
}

// R4: a producer that died between the publication of a message and the word that steps over a held
// slot before it would leave consumers before that slot for ever.
void mend_lane(const queue_view& queue, std::uint32_t seat) noexcept {
  lane_header& lane = queue.lane(seat);
  const newest_published newest =
      queue.is_used(seat) ? find_newest(queue, seat) : newest_published{};
  if (newest.any && before(lane.passed.load(std::memory_order_relaxed), newest.at)) {
    lane.passed.store(newest.at, std::memory_order_release);
  }
  lane.forwarding.store(0, std::memory_order_release);
}

// In every lane: the casualty may have given a message back itself and died before it said so.
void turn_back(const queue_view& queue) noexcept {
  const std::uint32_t lanes = queue.seats_used();
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    if constexpr (!broken::no_version_bump) {
      queue.lane(lane).version.fetch_add(1, std::memory_order_release);
    }
  }
}

void recover_queue(const attendance& where, const casualty& dead, recovery_report& report) {
  const queue_view& queue = *where.queue;
  const std::uint32_t lanes = queue.seats_used();
  lane_search search(where, dead, report);
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    if (queue.is_used(lane)) search.give_back_all(lane);
  }
  if (search.found_dead()) bury_all(where, report);
  mend_lane(queue, where.seat);
  drop_claims_of(queue, where.seat);
  turn_back(queue);  // R5
  note_no_taker(queue, where.seat);
  static_cast<void>(parked_set(queue, side::receivers).withdraw(where.seat));
  static_cast<void>(parked_set(queue, side::senders).withdraw(where.seat));
  if (queue.header().signs.closed.load(std::memory_order_acquire) == closed_state::closing)
    close(queue);
  wake_everyone(queue);  // R6: the casualty may have taken an announcement and died
}

}  // namespace

recovery_report recover(std::span<const attendance> queues, const casualty& dead,
                        queue_finder& finder) {
  recovery_report report;
  for (const attendance& where : queues) {
    for (forward_record& record : where.queue->seat(where.seat).records) {
      settle_record(record, finder, report);
    }
    settle_handover(where, finder, report);
  }
  for (const attendance& where : queues) recover_queue(where, dead, report);
  return report;
}

void take_over_queue(const queue_view& queue) noexcept {
  turn_back(queue);
  wake_everyone(queue);
}

recovery_report bury_again(const attendance& where) noexcept {
  recovery_report report;
  bury_all(where, report);
  if (report.buried != 0) wake_everyone(*where.queue);
  return report;
}

}  // namespace bulkhead::core

#include "os/keeper/queue_table.hpp"

#include <algorithm>
#include <bulkhead/errc.hpp>

#include "core/closing.hpp"
#include "core/consumer.hpp"
#include "core/parked_set.hpp"

namespace bulkhead::os {
namespace {

constexpr std::uint32_t inline_bytes_max = 64 * 1024;  // so that no layout overflows
constexpr std::uint32_t letters_capacity = 1024;
constexpr std::uint64_t letters_payload_min = 16u << 20;
constexpr std::uint64_t payload_max = std::uint64_t{1} << 32;

// A process that only closed a queue has no seat in it. It may have died between any two steps of
// that.
void finish_close(const core::queue_view& queue) {
  // Acquire: as is_over_for.
  switch (queue.header().signs.closed.load(std::memory_order_acquire)) {
    case core::closed_state::closing:
      return core::close(queue);
    case core::closed_state::closed:
      return core::wake_everyone(queue);
    default:
      return;
  }
}

}  // namespace

queue_record& queue_table::add(std::string name, const core::queue_shape& shape) {
  if (const char* bad = core::bad_shape(shape)) {
    throw error(make_error_code(errc::unsupported), "queue '" + name + "': " + bad);
  }
  if (shape.inline_bytes > inline_bytes_max) {
    throw error(make_error_code(errc::unsupported),
                "queue '" + name + "': inline_bytes is above 64 KiB");
  }
  if (queues_.size() >= queues_max) {
    throw error(make_error_code(errc::unsupported), "there are 65536 queues; let some go first");
  }
  const core::queue_layout layout(shape);
  unique_fd segment = make_segment("bulkhead-queue", layout.total_bytes);
  if (const auto failed = reserve_range(segment.get(), 0, layout.seats_offset)) {
    throw std::system_error(failed, "making queue '" + name + "'");
  }
  const std::uint64_t id = last_id_ + 1;
  {
    const mapping header(segment.get(), 0, layout.seats_offset, access::read_write);
    core::format_queue(header.data(), shape, id);
  }
  auto record =
      std::make_unique<queue_record>(*this, id, std::move(name), std::move(segment), *os_);
  record->memory().kept().set_bells(make_bell(), make_bell());
  return *queues_.emplace(++last_id_, std::move(record)).first->second;
}

queue_record& queue_table::make(const control::make_queue& wanted, std::uint32_t holder) {
  queue_record& made = add(wanted.name, wanted.shape);
  made.holders.insert(holder);
  made.close_after_senders = wanted.close_after_senders;
  return made;
}

queue_record& queue_table::at(std::uint64_t id) {
  const auto found = queues_.find(id);
  if (found == queues_.end()) {
    throw error(make_error_code(errc::closed),
                "queue " + std::to_string(control::count_of(id)) + " is gone: no process holds it");
  }
  return *found->second;
}

const core::queue_view* queue_table::find(std::uint64_t id) {
  const auto found = queues_.find(id);
  return found == queues_.end() ? nullptr : &found->second->view();
}

// One seat more than the queue has: the keeper's.
queue_record& queue_table::dead_letters(queue_record& origin, std::uint64_t fingerprint) {
  if (origin.letters_of != 0) {
    throw error(make_error_code(errc::unsupported), "dead letters have no dead letters");
  }
  if (origin.letters == 0) {
    const core::queue_shape& of = origin.view().shape();
    core::queue_shape shape;
    shape.capacity = letters_capacity;
    shape.participants = std::min(of.participants + 1, core::seats_max);
    shape.payload_bytes =
        std::min(std::max(letters_payload_min, 2 * of.payload_bytes), payload_max);
    queue_record& made = add(origin.name() + " (dead letters)", shape);
    made.letters_of = origin.id();
    made.join({});
    made.memory().own_seat(core::letter_writer::seat);
    made.holders.clear();
    origin.letters = made.id();
    origin.touched = true;
    // Before the first letter is in it: the message that the letter is about goes with that.
    if (checkpoint_) checkpoint_();
  }
  queue_record& letters = at(origin.letters);
  auto& known = letters.view().header().shape.fingerprint;
  if (known == 0) known = fingerprint;
  if (fingerprint != 0 && known != fingerprint) {
    throw error(make_error_code(errc::type_mismatch),
                "the dead letters of queue '" + origin.name() + "' are of another type");
  }
  return letters;
}

void queue_table::leave(std::uint64_t queue, std::uint32_t serial) {
  queue_record& left = at(queue);
  // Until it takes again it takes nothing.
  if (const auto seat = left.seats.seat_of(serial)) {
    core::note_no_taker(left.view(), *seat);
    // Who waits for it to take may wait for nobody now.
    core::parked_set(left.view(), core::side::senders).wake_announced();
  }
  left.seats.leave(serial);
  left.holders.erase(serial);
  left.touched = true;
  drop_if_unheld({queue});
}

void queue_table::rest(std::uint32_t owner, std::uint64_t resume_key) {
  for (auto& [id, queue] : queues_) {
    queue->senders.rest(owner, resume_key);
    close_if_over(*queue);
  }
}

void queue_table::forget(std::uint32_t owner, std::uint64_t resume_key) {
  for (auto& [id, queue] : queues_) {
    queue->seats.forget(owner, resume_key);
    queue->senders.forget(owner, resume_key);
    close_if_over(*queue);
  }
}

void queue_table::close_if_over(const queue_record& queue) noexcept {
  if (!queue.close_after_senders || !queue.senders.is_over()) return;
  // Acquire: where another has closed it, all of that close is done.
  const auto closed = queue.view().header().signs.closed.load(std::memory_order_acquire);
  if (closed != core::closed_state::closed) core::close(queue.view());
}

core::recovery_report queue_table::bury_process(const core::casualty& dead) {
  std::vector<core::attendance> attended;
  std::vector<queue_record*> all;  // dead-letter queues may be added meanwhile
  for (auto& [id, queue] : queues_) all.push_back(queue.get());
  for (queue_record* queue : all) {
    if (const auto seat = queue->seats.seat_of(dead.serial)) {
      queue->memory().map_lanes();
      attended.push_back({&queue->view(), *seat, queue});
      queue->next_deadline_ms = 0;  // it may have released a message with a delay and not said so
    }
  }
  const core::recovery_report report = core::recover(attended, dead, *this);
  forget_unpublished(dead.serial);
  for (queue_record* queue : all) {
    const bool was_attended = queue->seats.seat_of(dead.serial).has_value();
    queue->seats.die(dead.serial);
    queue->seats.forget_all_of(dead.serial);
    queue->senders.die(dead.serial);
    queue->senders.forget_all_of(dead.serial);
    close_if_over(*queue);
    if (queue->holders.erase(dead.serial) == 0) continue;
    queue->touched = true;
    if (!was_attended) finish_close(queue->view());
  }
  drop_unheld();
  return report;
}

bool queue_table::any_stuck() const noexcept {
  return std::any_of(queues_.begin(), queues_.end(), [](const auto& q) { return q.second->stuck; });
}

void queue_table::bury_stuck() {
  std::vector<queue_record*> stuck;
  for (auto& [id, queue] : queues_) {
    if (queue->stuck) stuck.push_back(queue.get());
  }
  for (queue_record* queue : stuck) {
    queue->stuck = false;
    static_cast<void>(core::bury_again({&queue->view(), 0, queue}));
  }
}

std::uint64_t queue_table::next_deadline_ms() const noexcept {
  std::uint64_t next = core::timekeeper::never;
  for (const auto& [id, queue] : queues_) next = std::min(next, queue->next_deadline_ms);
  return next;
}

void queue_table::look_at_deadlines(std::uint64_t now_ms) {
  for (auto& [id, queue] : queues_) {
    if (queue->next_deadline_ms > now_ms) continue;
    queue->next_deadline_ms = queue->clock.look(queue->view());
    if (queue->clock.found_used_up()) queue->stuck = true;
  }
}

void queue_table::rouse(std::uint32_t serial) {
  for (auto& [id, queue] : queues_) {
    // Who waits for a bell, or joins, need not have a seat.
    if (queue->holders.count(serial) != 0) {
      core::wake_joiners(queue->view());
      queue->view().bells.ring_both(*os_);
    }
    const auto seat = queue->seats.seat_of(serial);
    if (!seat) continue;
    core::parked_set(queue->view(), core::side::receivers).rouse(*seat);
    core::parked_set(queue->view(), core::side::senders).rouse(*seat);
  }
}

void queue_table::pass_over(std::uint32_t serial) noexcept {
  for (auto& [id, queue] : queues_) {
    const auto seat = queue->seats.seat_of(serial);
    if (!seat) continue;
    core::parked_set(queue->view(), core::side::receivers).pass_over(*seat);
    core::parked_set(queue->view(), core::side::senders).pass_over(*seat);
  }
}

}  // namespace bulkhead::os

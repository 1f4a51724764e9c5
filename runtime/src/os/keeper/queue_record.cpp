#include "os/keeper/queue_record.hpp"

#include <algorithm>
#include <bulkhead/errc.hpp>
#include <chrono>
#include <thread>

#include "os/keeper/queue_table.hpp"

namespace bulkhead::os {

queue_record::queue_record(queue_table& table, std::uint64_t id, std::string name,
                           unique_fd segment, const core::platform& os)
    : seats(0),
      table_(&table),
      id_(id),
      name_(std::move(name)),
      memory_(std::move(segment), os, queue_memory::role::keeper) {
  seats = seat_table(view().shape().participants);
  if (view().shape().lease_ms != 0) next_deadline_ms = 0;
}

// Places that a forward has reserved are free too: whoever reserved them is dead.
bool queue_record::is_drained(std::uint32_t seat) const noexcept {
  for (std::uint32_t index = 0; index < view().ring_slots(); ++index) {
    // Acquire: the last taker has read its message before the seat is given away.
    const core::slot_word w = view().slot_at(seat, index).load(std::memory_order_acquire);
    if (!w.is(core::slot_state::free)) return false;
  }
  return true;
}

void queue_record::reserve_seat(std::uint32_t seat) {
  const core::queue_layout& layout = view().layout();
  std::error_code failed = reserve_range(
      memory_.fd(), layout.seats_offset + seat * layout.seat_bytes, layout.seat_bytes);
  if (!failed) {
    failed = reserve_range(memory_.fd(), layout.lanes_offset + seat * layout.lane_bytes,
                           layout.lane_bytes);
  }
  if (failed) throw std::system_error(failed, "making room for a seat of queue '" + name_ + "'");
}

// What a producer finds when it takes the lane over.
std::uint64_t queue_record::sent_from(std::uint32_t seat) {
  return core::producer(view(), seat, memory_).sent();
}

queue_record::seat_grant queue_record::join(const claimant& who) {
  const auto found = seats.choose(who, [this](std::uint32_t seat) { return is_drained(seat); });
  if (!found) {
    const bool wait = seats.worth_waiting();
    throw error(make_error_code(wait ? errc::full : errc::too_many_participants),
                "all " + std::to_string(view().shape().participants) + " seats of queue '" + name_ +
                    (wait ? "' are taken, and those of ended processes still have messages"
                          : "' are taken by living processes; raise its participants"));
  }
  std::uint64_t before = 0;
  if (found->from == seat_table::origin::vacant) reserve_seat(found->seat);
  if (found->from == seat_table::origin::strangers) before = sent_from(found->seat);
  const std::uint32_t epoch = seats.grant(*found, who, before);
  holders.insert(who.serial);
  touched = true;
  auto& used = view().header().seats_used;
  if (used.load(std::memory_order_relaxed) <= found->seat) {
    // Release: who sees the seat sees its pages reserved.
    used.store(found->seat + 1, std::memory_order_release);
  }
  // Most lanes are in use before the last receiver joins; so not all of it is left to a death.
  memory_.map_lanes();
  return {found->seat, epoch, seats.sent_before(found->seat)};
}

// Room for the notes must be there: without it a death would be counted wrong or not at all. Memory
// is short for moments only, or for good; then the keeper cannot do its duty.
void queue_record::make_room(std::size_t offset, std::size_t bytes) {
  using namespace std::chrono_literals;
  std::error_code failed = memory_.populate(offset, bytes, access::read_write);
  // A kernel before 5.14, which knows no such call: its pages are mapped when they are touched.
  if (failed == std::errc::invalid_argument) failed = reserve_range(memory_.fd(), offset, bytes);
  for (int n = 0; failed && n < 100; ++n) {
    std::this_thread::sleep_for(10ms);
    failed = reserve_range(memory_.fd(), offset, bytes);
  }
  if (failed) {
    throw std::system_error(failed, "no memory for the recovery of queue '" + name_ + "'");
  }
}

void queue_record::make_room_for_letter(std::uint32_t lane, std::uint32_t index) {
  const core::queue_layout& layout = view().layout();
  const std::size_t page = (layout.faults_offset + lane * layout.fault_bytes +
                            layout.letters_offset + index * sizeof(core::letter_place)) /
                           core::page_bytes * core::page_bytes;
  if (page == letters_room_) return;
  make_room(page, core::page_bytes);
  letters_room_ = page;
}

// A writer looks beside all messages that may have a letter already.
void queue_record::make_room_for_letters() {
  view().each_slot([&](std::uint32_t lane, std::uint32_t index, const core::slot& s) {
    // Acquire as in R3, which looks at the same words after.
    const core::slot_word w = s.load(std::memory_order_acquire);
    if (!w.is(core::slot_state::burying) && !w.is(core::slot_state::poison)) return;
    make_room_for_letter(lane, index);
  });
}

bool queue_record::bury(const core::queue_view& queue, const core::poisoned& message) {
  try {
    if (writer_ == nullptr) {
      queue_record& to = table_->dead_letters(*this, 0);
      make_room_for_letters();
      writer_ = std::make_unique<core::letter_writer>(view(), memory_, to.view(), to.memory());
    }
    make_room_for_letter(message.lane, message.index);
    const auto note =
        notes.find({message.lane, core::make_position(message.word.lap(), message.index)});
    core::poisoned noted = message;
    if (note != notes.end()) noted.note = note->second;
    if (writer_->bury(queue, noted)) {
      if (note != notes.end()) notes.erase(note);
      touched = true;
      table_->carry_letter(*this, message);
      return true;
    }
  } catch (const std::exception&) {
    // No memory for a dead-letter queue: tried again like a full one.
  }
  stuck = true;
  return false;
}

}  // namespace bulkhead::os

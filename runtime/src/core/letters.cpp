#include "core/letters.hpp"

#include <bulkhead/exit_status.hpp>
#include <bulkhead/message.hpp>
#include <bulkhead/message_id.hpp>
#include <cstring>
#include <new>
#include <string>

#include "core/fault_book.hpp"
#include "core/parked_set.hpp"

namespace bulkhead::core {
namespace {

// What follows the message's own bytes in a dead_letter<T>, in the order of its fields.
struct letter_tail {
  message_id id;
  std::uint32_t attempts = 0;
  std::vector<exit_status> reasons;
  std::string note;
};

std::vector<exit_status> reasons_of(const known_ends& ends) {
  std::vector<exit_status> reasons;
  for (std::size_t n = 0; n < ends.count; ++n) {
    exit_status status;
    status.code = ends.notes[n].code;
    status.signal = ends.notes[n].signal;
    status.core = ends.notes[n].core != 0;
    status.cause = static_cast<death_cause>(ends.notes[n].cause);
    reasons.push_back(status);
  }
  return reasons;
}

std::string note_of(const queue_shape& shape, const poisoned& message) {
  if (!message.note.empty()) return std::string(message.note);
  const auto times = [](std::uint64_t n) {
    return std::to_string(n) + (n == 1 ? " delivery" : " deliveries");
  };
  if (shape.max_attempts != 0 && message.attempts >= shape.max_attempts) {
    return times(message.attempts) + " ended with their taker's crash";
  }
  return times(message.word.deliveries()) + ", and no taker acknowledged it";
}

}  // namespace

letter_writer::letter_writer(const queue_view& origin, payload_area& origin_payload,
                             const queue_view& letters, payload_area& letters_payload)
    : origin_(&origin),
      origin_payload_(&origin_payload),
      letters_(&letters),
      sender_(letters, seat, letters_payload) {
  drop_unkept_claims();
}

// A writer that was killed between its claim and the letter left a place that the next letter,
// perhaps another message's, is going to take. So no claim outlives its writer unless it was kept.
void letter_writer::drop_unkept_claims() noexcept {
  origin_->each_slot([this](std::uint32_t lane, std::uint32_t index, const slot& s) {
    // R3 has one runner, the keeper: acquire and release here order only what its successor finds.
    const slot_word w = s.load(std::memory_order_acquire);
    if (!w.is(slot_state::burying) && !w.is(slot_state::poison)) return;
    letter_place& known = origin_->letter_of(lane, index);
    if (known.claimed_for.load(std::memory_order_acquire) == w.lap() + 1 &&
        !is_buried(known, w.lap())) {
      known.claimed_for.store(0, std::memory_order_release);
    }
  });
}

bool letter_writer::is_buried(const letter_place& known, std::uint64_t lap) const noexcept {
  // Acquire: a claim brings its place, which was written before it.
  if (known.claimed_for.load(std::memory_order_acquire) != lap + 1) return false;
  const newest_published newest = find_newest(*letters_, seat);
  return newest.any && !before(newest.at, known.at);
}

bool letter_writer::bury(const queue_view& queue, const poisoned& message) {
  letter_place& known = queue.letter_of(message.lane, message.index);
  if (is_buried(known, message.word.lap())) return true;
  try {
    return write_letter(message, known);
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// The message's own bytes; nullptr when they cannot be reached. The slot is shared memory, so what
// it names is checked.
const std::byte* letter_writer::message_bytes(const slot& s, std::uint32_t lane,
                                              std::size_t& size) {
  size = static_cast<std::size_t>(s.meta >> 32);
  if (size <= origin_->shape().inline_bytes) return s.payload;
  std::uint64_t block = 0;
  std::memcpy(&block, s.payload, sizeof block);
  const std::uint64_t area = origin_->layout().payload_bytes;
  if (size > area || block > area - size) {
    // Before we refuse it: who asks again finds the queue corrupt.
    origin_->header().signs.corrupt.store(1, std::memory_order_release);
    return nullptr;
  }
  const std::byte* start = origin_payload_->read(lane);
  return start == nullptr ? nullptr : start + block;
}

bool letter_writer::write_letter(const poisoned& message, letter_place& known) {
  const slot& s = origin_->slot_at(message.lane, message.index);
  std::size_t size = 0;
  const std::byte* bytes = message_bytes(s, message.lane, size);
  if (bytes == nullptr) return false;
  const std::uint64_t lap = message.word.lap();
  const letter_tail tail{{origin_->header().id, make_position(lap, message.index), message.lane},
                         message.attempts,
                         reasons_of(ends_of(*origin_, message.lane, message.index, lap)),
                         note_of(origin_->shape(), message)};

  place letter;
  if (sender_.reserve(size + detail::encoded_size(tail), letter) != outcome::done) return false;
  // In this order, so each a release: whoever is killed in between leaves no claim, or this one.
  known.claimed_for.store(0, std::memory_order_release);
  known.at = letter.position;
  known.claimed_for.store(lap + 1, std::memory_order_release);
  if (size != 0) std::memcpy(letter.bytes, bytes, size);
  detail::encoder to(letter.bytes + size);
  detail::encode(to, tail);
  // Were it refused, the message would be out of everybody's reach.
  sender_.publish_in_spite_of_close(letter);
  const parked_set receivers(*letters_, side::receivers);
  if (receivers.any()) receivers.wake_one();
  return true;
}

}  // namespace bulkhead::core

#include "core/pipe_alarm.hpp"

#include <bulkhead/detail/pipe_port.hpp>

namespace bulkhead::core {

namespace attention = detail::attention;

std::atomic<std::uint32_t>& pipe_alarm::park_word() const noexcept {
  pipe_alarm_words& words = pipe_->alarm(end_);
  return side_ == side::receiving ? words.receive_park : words.send_park;
}

std::uint32_t pipe_alarm::asleep_bit() const noexcept {
  return side_ == side::receiving ? attention::receiver_asleep : attention::sender_asleep;
}

std::uint32_t pipe_alarm::bell_bit() const noexcept {
  return side_ == side::receiving ? attention::receiver_bell : attention::sender_bell;
}

void pipe_alarm::set(std::uint32_t bit) const noexcept {
  pipe_->alarm(end_).attention.fetch_or(bit, std::memory_order_seq_cst);
}

bool pipe_alarm::clear(std::uint32_t bit) const noexcept {
  return (pipe_->alarm(end_).attention.fetch_and(~bit, std::memory_order_seq_cst) & bit) != 0;
}

void pipe_alarm::ring_word() const noexcept {
  // Release: who reads the new count before it looks again sees what we wake it for (S5, R5).
  park_word().fetch_add(1, std::memory_order_release);
  pipe_->os().wake(park_word());
}

void pipe_alarm::ring_bell() const noexcept {
  pipe_->bells.ring(static_cast<int>(end_), pipe_->os());
}

// All of the side's threads wake; those that find nothing announce themselves again.
void pipe_alarm::wake() const noexcept {
  if (clear(asleep_bit())) ring_word();
  if (clear(bell_bit())) ring_bell();
}

void pipe_alarm::rouse() const noexcept {
  clear(asleep_bit() | bell_bit());
  ring_word();
  ring_bell();
}

}  // namespace bulkhead::core

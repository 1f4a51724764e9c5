#include <bulkhead/errc.hpp>

#include "core/pipe_frame.hpp"
#include "os/keeper/pipe_table.hpp"
#include "os/keeper/request.hpp"

// Endpoints in the messages of pipes. A message is known by the tail that publishes it; that one
// and the receiver's head, which both lie in the segment, say what has become of it.
namespace bulkhead::os {
namespace {

using core::frame_position;

std::uint64_t id_of(std::uint64_t end) { return (end & ~control::pipe_bit) >> 1; }
std::uint32_t number_of(std::uint64_t end) { return static_cast<std::uint32_t>(end & 1); }

bool can_receive(const pipe_table::record::end& end) noexcept {
  return end.now || end.carried || end.home.resume_key != 0;
}

// Of two positions, the one that is less than half of all ahead is the later one.
bool has_reached(std::uint64_t at, std::uint64_t wanted) noexcept {
  return frame_position{at}.units_since({wanted}) <= frame_position::units_mask / 2;
}

}  // namespace

bool pipe_table::is_held(std::uint64_t name) const {
  const auto found = pipes_.find(id_of(name));
  if (found == pipes_.end()) return false;
  const record::end& end = found->second.ends[number_of(name)];
  return end.now || end.home.resume_key != 0;
}

bool pipe_table::is_of(std::uint64_t name, std::uint32_t serial) const {
  const auto found = pipes_.find(id_of(name));
  if (found == pipes_.end()) return false;
  const record::end& end = found->second.ends[number_of(name)];
  return (end.now ? *end.now : end.last).who.serial == serial;
}

std::vector<std::uint64_t> pipe_table::ends_of(std::uint32_t serial) const {
  std::vector<std::uint64_t> all;
  for (const auto& [id, pipe] : pipes_) {
    for (std::uint32_t n = 0; n < 2; ++n) {
      const auto& now = pipe.ends[n].now;
      if (now && now->who.serial == serial) all.push_back(control::pipe_bit | id << 1 | n);
    }
  }
  return all;
}

// The asker holds the sending side, so its tail stands still.
void pipe_table::check_carrier(const control::carry& messages, std::uint32_t serial) {
  const record& pipe = at(messages.queue);
  const std::uint32_t sender = number_of(messages.queue);
  const auto& now = pipe.ends[sender].now;
  if (!now || now->who.serial != serial) {
    throw error(make_error_code(errc::not_permitted),
                "this end of pipe '" + pipe.name + "' is not the sender's");
  }
  const bool is_taken_back = messages.messages.size() == 1 && messages.messages[0].queues.empty();
  if (!is_taken_back && !can_receive(pipe.ends[1 - sender])) {
    throw error(make_error_code(errc::closed),
                "nobody has the other end of pipe '" + pipe.name + "'");
  }
  const core::pipe_view& view = pipe.memory->view();
  const core::pipe_direction& direction = view.shape().directions[sender];
  if (direction.slot_bytes != 0) throw garbage{};  // no such message has one size
  const frame_position tail{view.positions(sender).tail.load(std::memory_order_relaxed)};
  for (const control::carried& message : messages.messages) {
    if (message.queues.empty()) continue;
    const std::uint64_t ahead = frame_position{message.position}.units_since(tail);
    if (ahead == 0 || ahead > direction.ring_bytes / core::frame_unit) throw garbage{};
    for (const std::uint64_t named : message.queues) {
      if (named != messages.queue) continue;
      throw error(make_error_code(errc::not_permitted),
                  "an end of pipe '" + pipe.name + "' cannot travel through itself");
    }
  }
}

carried_queues::fate pipe_table::fate_of(std::uint64_t sender, std::uint64_t position) const {
  const auto found = pipes_.find(id_of(sender));
  if (found == pipes_.end()) return carried_queues::fate::settled;
  const core::pipe_view& view = found->second.memory->view();
  // Acquire: what comes after the publication is seen as well.
  const std::uint64_t tail = view.positions(number_of(sender)).tail.load(std::memory_order_acquire);
  // Also where nobody will receive it: its sender takes it back, or dies.
  if (!has_reached(tail, position)) return carried_queues::fate::unpublished;
  const std::uint32_t receiver = 1 - number_of(sender);
  if (!can_receive(found->second.ends[receiver])) return carried_queues::fate::settled;
  // Acquire: a message that is settled was decoded before, and its endpoints with it.
  const std::uint64_t head = view.positions(receiver).head.load(std::memory_order_acquire);
  return has_reached(head, position) ? carried_queues::fate::settled
                                     : carried_queues::fate::under_way;
}

}  // namespace bulkhead::os

#include <bulkhead/errc.hpp>

#include "os/keeper/request.hpp"
#include "os/keeper/tree.hpp"

// What an attached program may ask for: it reaches the queues that it attached to, and the queues
// and pipe ends that messages there, or in its pipes, name; nothing else of the tree.
namespace bulkhead::os {

bool tree::may_carry(const participant& p, const control::carry& wanted) {
  const auto holds = [&](std::uint64_t queue) {
    return queues_.at(queue).holders.count(p.who.serial) != 0;
  };
  const bool is_pipe = (wanted.queue & control::pipe_bit) != 0;
  if (!(is_pipe ? pipes_.is_of(wanted.queue, p.who.serial) : holds(wanted.queue))) return false;
  for (const auto& message : wanted.messages) {
    for (const std::uint64_t named : message.queues) {
      queues_.check_ours(named);
      if ((named & control::pipe_bit) != 0) continue;  // `carry` asks whether it may send the end
      if (!holds(named & ~detail::sender_mark)) return false;
    }
  }
  return true;
}

bool tree::may_ask(const participant& p, const datagram& request) {
  using control::kind;
  const auto holds = [&](std::uint64_t queue) {
    return queues_.at(queue).holders.count(p.who.serial) != 0;
  };
  switch (request.head.kind) {
    case kind::open_queue: {
      const std::uint64_t queue =
          body_of<control::queue_named>(request).queue & ~detail::sender_mark;
      return holds(queue) || queues_.is_named_for(queue, p.who.serial);
    }
    case kind::join_queue:
    case kind::leave_queue:
    case kind::holders:
    case kind::deadline:
      return holds(body_of<control::queue_named>(request).queue);
    case kind::used_up:
      return holds(body_of<control::used_up>(request).queue);
    case kind::dead_letters:
      return holds(body_of<control::dead_letters_of>(request).queue);
    case kind::carry:
      return may_carry(p, body_of<control::carry>(request));
    case kind::claim_end: {
      // Whom another was faster than is told `closed`, not that it may not.
      const std::uint64_t end = body_of<control::end_named>(request).end;
      return !pipes_.has(end) || queues_.is_named_for(end, p.who.serial);
    }
    case kind::leave_end:
      return true;  // nothing comes of it where the end is not its own
    case kind::lend:
    case kind::ring:
      return true;  // of its own only, as for anybody
    case kind::ask_peer:
      return pipes_.is_of(body_of<control::end_named>(request).end, p.who.serial);
    default:
      return false;
  }
}

void tree::check_rights(const participant& p, const datagram& request) {
  if (may_ask(p, request)) return;
  throw error(make_error_code(errc::not_permitted),
              "'" + p.name + "' is attached to a queue, and may not ask for this");
}

}  // namespace bulkhead::os

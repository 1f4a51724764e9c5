#include <algorithm>
#include <bulkhead/errc.hpp>

#include "os/keeper/queue_table.hpp"
#include "os/keeper/request.hpp"

// When a queue goes: a process holds it, or a message under way names it, or it has the dead
// letters of one that is there. Anything else ends it.
namespace bulkhead::os {
namespace {

constexpr std::size_t looks_a_request = 4;  // more than one, so that the records do not grow

bool is_end(std::uint64_t name) noexcept { return (name & control::pipe_bit) != 0; }

}  // namespace

void queue_table::drop(std::map<std::uint64_t, std::unique_ptr<queue_record>>::iterator queue) {
  gone_.push_back(queue->first);
  queues_.erase(queue);
}

bool queue_table::is_carried(std::uint64_t end) {
  std::vector<std::uint64_t> freed;
  const bool is_named = carried_.is_named(
      end, [this](const carried_queues::place& message) { return is_settled(message); }, freed);
  drop_if_unheld(std::move(freed));
  return is_named;
}

bool queue_table::is_holder(std::uint32_t serial) const noexcept {
  return std::any_of(queues_.begin(), queues_.end(),
                     [&](const auto& q) { return q.second->holders.count(serial) != 0; });
}

bool queue_table::is_named_for(std::uint64_t wanted, std::uint32_t serial) const {
  bool is_named = false;
  const auto look = [&](std::uint64_t name) { is_named |= name == wanted; };
  for (const auto& [id, q] : queues_) {
    if (q->holders.count(serial) == 0) continue;
    carried_.each_name_in(id, look);
  }
  for (const std::uint64_t sender : carried_.sending_ends()) {
    if (pipes_->is_of(sender ^ 1, serial)) carried_.each_name_in(sender, look);
  }
  return is_named;
}

void queue_table::check_ours(std::uint64_t endpoint) const {
  const bool is_pipe = (endpoint & control::pipe_bit) != 0;
  const std::uint64_t id =
      is_pipe ? (endpoint & ~control::pipe_bit) >> 1 : endpoint & ~detail::sender_mark;
  if (id >> control::count_bits == last_id_ >> control::count_bits) return;
  throw error(
      make_error_code(errc::unsupported),
      is_pipe
          ? "a pipe end cannot travel from one program's tree of processes to another's: the "
            "program that published the queue makes the pipe, and sends an end of it"
          : "a queue of another runtime, one that this program attached to for instance, cannot "
            "travel to processes of this one: each program publishes its own and attaches to "
            "the others'");
}

carried_queues::fate queue_table::fate_of(const carried_queues::place& message) {
  if (is_end(message.queue)) return pipes_->fate_of(message.queue, message.position);
  const core::queue_view* queue = find(message.queue);
  return queue == nullptr ? carried_queues::fate::settled
                          : carried_queues::fate_of(*queue, message.seat, message.position);
}

bool queue_table::is_settled(const carried_queues::place& message) {
  return fate_of(message) == carried_queues::fate::settled;
}

// @returns the seat that sends them.
std::uint32_t queue_table::check_carrier(const control::carry& messages, std::uint32_t serial) {
  if (is_end(messages.queue)) {
    pipes_->check_carrier(messages, serial);
    return 0;
  }
  const queue_record& carrier = at(messages.queue);
  const auto seat = carrier.seats.seat_of(serial);
  if (!seat) throw garbage{};
  for (const control::carried& message : messages.messages) {
    if (core::index_of(message.position) >= carrier.view().ring_slots()) throw garbage{};
  }
  return *seat;
}

void queue_table::carry(control::carry messages, std::uint32_t serial) {
  // A message that names a sender keeps the queue all the same.
  for (control::carried& message : messages.messages) {
    for (std::uint64_t& named : message.queues) named &= ~detail::sender_mark;
  }
  const std::uint32_t seat = check_carrier(messages, serial);
  for (const control::carried& message : messages.messages) {
    if (message.queues.size() > detail::endpoints_max) throw garbage{};
    for (const std::uint64_t named : message.queues) {
      check_ours(named);
      if (!is_end(named)) static_cast<void>(at(named));
      only_carried_ |= is_end(named);
    }
  }
  std::vector<std::uint64_t> freed;
  for (const control::carried& message : messages.messages) {
    const carried_queues::place place{messages.queue, seat, message.position};
    const bool is_taken_back = message.queues.empty() && carried_.knows(place);
    const auto now_free = carried_.set(place, message.queues);
    for (const std::uint64_t name : now_free) {
      (is_taken_back && is_end(name) ? returned_ : freed).push_back(name);
    }
  }
  const auto settled = carried_.forget_some(
      looks_a_request * messages.messages.size(),
      [this](const carried_queues::place& other) { return is_settled(other); });
  freed.insert(freed.end(), settled.begin(), settled.end());
  drop_if_unheld(std::move(freed));
}

// The letter's place is written beside the message before the letter is published.
void queue_table::carry_letter(const queue_record& origin, const core::poisoned& message) {
  if (carried_.empty()) return;
  const core::letter_place& letter = origin.view().letter_of(message.lane, message.index);
  const carried_queues::place from{origin.id(), message.lane,
                                   core::make_position(message.word.lap(), message.index)};
  if (!carried_.knows(from)) return;
  carried_.copy(from, {origin.letters, core::letter_writer::seat, letter.at});
  // Before the message's slot is freed, and the names in it with that.
  if (checkpoint_) checkpoint_();
}

void queue_table::forget_unpublished_in(std::uint64_t carrier, std::uint32_t seat) {
  const auto gone = carried_.forget_in(carrier, seat, [&](const carried_queues::place& message) {
    return fate_of(message) != carried_queues::fate::under_way;
  });
  std::copy_if(gone.begin(), gone.end(), std::back_inserter(returned_), is_end);
}

// What the dead process had announced and not published never comes: its successor begins at the
// same places. Recovery has published what a forward of its had committed.
void queue_table::forget_unpublished(std::uint32_t serial) {
  if (carried_.empty()) return;
  for (auto& [id, queue] : queues_) {
    if (const auto seat = queue->seats.seat_of(serial)) forget_unpublished_in(id, *seat);
  }
  for (const std::uint64_t end : pipes_->ends_of(serial)) forget_unpublished_in(end, 0);
}

// Looks at these and at what goes with them. A queue that only messages name stays, even where
// these can be reached no more; `drop_unreachable` sees to that.
void queue_table::drop_if_unheld(std::vector<std::uint64_t> candidates) {
  while (!candidates.empty()) {
    const std::uint64_t candidate = candidates.back();
    candidates.pop_back();
    if (is_end(candidate)) freed_.push_back(candidate);
    const auto found = queues_.find(candidate);
    if (found == queues_.end()) continue;
    const queue_record& q = *found->second;
    if (!q.holders.empty() || (q.letters_of != 0 && queues_.count(q.letters_of) != 0)) continue;
    const std::uint64_t id = q.id();
    if (carried_.is_named(
            id, [this](const carried_queues::place& message) { return is_settled(message); },
            candidates)) {
      only_carried_ = true;
      continue;
    }
    if (q.letters != 0) candidates.push_back(q.letters);
    drop(found);
    const auto freed = carried_.forget_all_in(id);
    candidates.insert(candidates.end(), freed.begin(), freed.end());
  }
}

void queue_table::drop_unheld() {
  std::vector<std::uint64_t> unheld;
  for (const auto& [id, queue] : queues_) {
    if (queue->holders.empty()) unheld.push_back(id);
  }
  drop_if_unheld(std::move(unheld));
}

// Nobody tells us that a message is settled.
void queue_table::look_after_ends() {
  std::vector<std::uint64_t> ends;
  carried_.each_name([&](std::uint64_t name) {
    if (is_end(name)) ends.push_back(name);
  });
  for (const std::uint64_t end : ends) {
    if (is_carried(end)) {
      only_carried_ = true;
    } else {
      freed_.push_back(end);
    }
  }
}

// Messages of a pipe that nobody will ever receive. What is not published is its sender's still.
void queue_table::forget_lost(std::uint64_t sender) {
  const auto gone = carried_.forget_in(sender, 0, [&](const carried_queues::place& message) {
    return fate_of(message) != carried_queues::fate::unpublished;
  });
  std::copy_if(gone.begin(), gone.end(), std::back_inserter(freed_), is_end);
}

void queue_table::drop_unreachable() {
  drop_unheld();
  std::set<std::uint64_t> reached;
  std::vector<std::uint64_t> ahead;
  const auto reach = [&](std::uint64_t id) {
    const bool is_there = is_end(id) ? pipes_->has(id) : queues_.count(id) != 0;
    const bool is_new = is_there && reached.insert(id).second;
    if (is_new) ahead.push_back(id);
    return is_new;
  };
  for (const auto& [id, queue] : queues_) {
    if (!queue->holders.empty()) reach(id);
  }
  // Who receives from a pipe has the other end than who sent.
  const auto carriers = carried_.sending_ends();
  for (const std::uint64_t sender : carriers) {
    if (pipes_->is_held(sender ^ 1)) reach(sender ^ 1);
  }
  only_carried_ = false;
  while (!ahead.empty()) {
    const std::uint64_t next = ahead.back();
    ahead.pop_back();
    const std::uint64_t letters = is_end(next) ? 0 : at(next).letters;
    if (letters != 0) reach(letters);
    const std::uint64_t carrier = is_end(next) ? next ^ 1 : next;
    carried_.each_name_in(carrier, [&](std::uint64_t id) { only_carried_ |= reach(id); });
  }
  for (const std::uint64_t sender : carriers) {
    if (reached.count(sender ^ 1) == 0) forget_lost(sender);
  }
  for (auto at = queues_.begin(); at != queues_.end();) {
    if (reached.count(at->first) != 0) {
      ++at;
      continue;
    }
    const auto gone = carried_.forget_all_in(at->first);
    std::copy_if(gone.begin(), gone.end(), std::back_inserter(freed_), is_end);
    drop(at++);
  }
  look_after_ends();
}

}  // namespace bulkhead::os

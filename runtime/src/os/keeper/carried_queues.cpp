#include "os/keeper/carried_queues.hpp"

#include <algorithm>

namespace bulkhead::os {

// A slot that is free for the lap of the position waits for its publication; one that is at a later
// lap has seen its message settled, or taken back.
carried_queues::fate carried_queues::fate_of(const core::queue_view& queue, std::uint32_t seat,
                                             core::position position) noexcept {
  // Acquire: a message that is settled was decoded before, and its endpoints with it.
  const core::slot_word w =
      queue.slot_at(seat, core::index_of(position)).load(std::memory_order_acquire);
  if (core::newer_lap(w.lap(), core::lap_of(position))) return fate::settled;
  return w.is(core::slot_state::free) ? fate::unpublished : fate::under_way;
}

carried_queues::key carried_queues::key_of(const place& at) noexcept {
  const bool is_in_pipe = (at.queue & control::pipe_bit) != 0;
  return {at.queue, at.seat, is_in_pipe ? at.position : core::index_of(at.position)};
}

carried_queues::place carried_queues::place_of(const key& k) const {
  return {std::get<0>(k), std::get<1>(k), records_.at(k).position};
}

std::vector<std::uint64_t> carried_queues::set(const place& at, std::vector<std::uint64_t> queues) {
  const key k = key_of(at);
  std::sort(queues.begin(), queues.end());
  queues.erase(std::unique(queues.begin(), queues.end()), queues.end());
  // The new names first, so that one that stays does not look free in between.
  for (const std::uint64_t name : queues) named_by_[name].insert(k);
  std::vector<std::uint64_t> freed;
  if (const auto old = records_.find(k); old != records_.end()) {
    for (const std::uint64_t name : old->second.names) {
      if (std::binary_search(queues.begin(), queues.end(), name)) continue;
      const auto by = named_by_.find(name);
      by->second.erase(k);
      if (!by->second.empty()) continue;
      named_by_.erase(by);
      freed.push_back(name);
    }
    records_.erase(old);
  }
  if (!queues.empty()) records_.emplace(k, record{at.position, std::move(queues)});
  changed_.push_back(k);
  return freed;
}

bool carried_queues::knows(const place& at) const {
  const auto there = records_.find(key_of(at));
  return there != records_.end() && there->second.position == at.position;
}

void carried_queues::copy(const place& from, const place& to) {
  const auto original = records_.find(key_of(from));
  if (original == records_.end() || original->second.position != from.position) return;
  set(to, original->second.names);
}

std::vector<std::uint64_t> carried_queues::erase(const key& k) { return set(place_of(k), {}); }

std::vector<std::uint64_t> carried_queues::sending_ends() const {
  std::vector<std::uint64_t> ends;
  for (auto at = records_.lower_bound({control::pipe_bit, 0, 0}); at != records_.end();
       at = records_.lower_bound({ends.back() + 1, 0, 0})) {
    ends.push_back(std::get<0>(at->first));
  }
  return ends;
}

std::vector<std::uint64_t> carried_queues::forget_all_in(std::uint64_t queue) {
  std::vector<std::uint64_t> freed;
  for (auto at = records_.lower_bound({queue, 0, 0});
       at != records_.end() && std::get<0>(at->first) == queue;) {
    const key k = at->first;
    ++at;
    append(freed, erase(k));
  }
  return freed;
}

}  // namespace bulkhead::os

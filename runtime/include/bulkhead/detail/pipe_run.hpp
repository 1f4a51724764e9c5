#pragma once

#include <algorithm>
#include <bulkhead/detail/pipe_port.hpp>
#include <cstring>
#include <iterator>
#include <memory>
#include <type_traits>
#include <vector>

// Batches on the fast path: as many messages as there are, for one look at the other side and one
// store.
namespace bulkhead::detail {

/// So many at most, so that the receiver begins with the first while the last are written.
inline constexpr std::uint64_t pipe_run_max = 128;

/// Values that fill their slots with their own bytes: a run of them is copied at once.
template <class T>
inline constexpr bool fills_slots = [] {
  if constexpr (copies_as_bytes<T>) return sizeof(T) == pipe_slot_of<T>;
  return false;
}();

/// How far a batch came.
struct run_result {
  std::size_t count = 0;
  fast how = fast::no;
};

/// In pieces, so that the lines of the next ones come from the receiver's cache meanwhile.
inline void copy_run(std::byte* to, const std::byte* from, std::size_t bytes) noexcept {
  constexpr std::size_t piece = 256;
  for (; bytes > piece; to += piece, from += piece, bytes -= piece) {
    fetch_all_to_write(to + 2 * piece, piece);
    std::memcpy(to, from, piece);
  }
  if (bytes != 0) std::memcpy(to, from, bytes);
}

/// Sends from `next` on, which is moved, while there is room.
/// @limits there is one at least.
template <class T, class Iterator, class Sentinel>
run_result send_run(pipe_out_port& port, Iterator& next, const Sentinel& end) {
  if (!port.gate.enter()) return {};
  if (port.tail() == port.free_to && !port.refill(true)) {
    port.gate.leave();
    return {};
  }
  std::uint64_t place = port.tail();
  const std::uint64_t stop = place + std::min(port.free_to - place, pipe_run_max);
  if constexpr (fills_slots<T> && std::contiguous_iterator<Iterator> &&
                std::sized_sentinel_for<Sentinel, Iterator> &&
                std::is_same_v<std::iter_value_t<Iterator>, T>) {
    const auto count = std::min(stop - place, static_cast<std::uint64_t>(end - next));
    const auto before_end = std::min(count, port.ring_end(place) - place);
    const auto* const from = reinterpret_cast<const std::byte*>(std::to_address(next));
    copy_run(port.slots + (place & port.mask) * sizeof(T), from, before_end * sizeof(T));
    copy_run(port.slots, from + before_end * sizeof(T), (count - before_end) * sizeof(T));
    next += static_cast<std::iter_difference_t<Iterator>>(count);
    return {static_cast<std::size_t>(count), port.publish(place + count)};
  }
  for (; place != stop && next != end; ++place, ++next) {
    port.store(place, static_cast<const T&>(*next));
  }
  const auto count = static_cast<std::size_t>(place - port.tail());
  return {count, port.publish(place)};
}

/// Puts those before `stop` behind what `out` holds. @returns the place after the last of them.
template <class T>
std::uint64_t take_run(const pipe_in_port& port, std::uint64_t stop, std::vector<T>& out) {
  std::uint64_t place = port.head();
  if constexpr (fills_slots<T>) {
    const std::uint64_t count = stop - place;
    const std::uint64_t before_end = std::min(count, port.ring_end(place) - place);
    const auto* const slots = reinterpret_cast<const T*>(port.slots);
    const auto* const first = slots + (place & port.mask);
    out.reserve(out.size() + static_cast<std::size_t>(count));
    out.insert(out.end(), first, first + before_end);
    out.insert(out.end(), slots, slots + (count - before_end));
    return stop;
  } else {
    for (; place != stop; ++place) {
      if (port.load(place, out.emplace_back())) continue;
      out.pop_back();
      break;
    }
    return place;
  }
}

/// Receives up to `max` of those that are there, behind what `out` holds.
template <class T>
run_result receive_run(pipe_in_port& port, std::size_t max, bool waits, std::vector<T>& out) {
  if (!port.gate.enter()) return {};
  if ((waits && port.stop->load(std::memory_order_relaxed) != 0) ||
      (port.head() == port.limit && !port.refill(waits))) {
    port.gate.leave();
    return {};
  }
  std::uint64_t place = port.head();
  try {
    place = take_run(port, place + std::min<std::uint64_t>(port.limit - place, max), out);
  } catch (...) {
    port.gate.leave();
    throw;  // no memory: all are there still
  }
  if (place == port.head()) {
    port.gate.leave();
    return {0, fast::bad};
  }
  const auto count = static_cast<std::size_t>(place - port.head());
  return {count, port.release(place)};
}

}  // namespace bulkhead::detail

#pragma once

#include <bit>
#include <bulkhead/detail/codec.hpp>
#include <bulkhead/detail/pipe_gate.hpp>
#include <bulkhead/detail/prefetch.hpp>

// The fast path of a pipe: what one process keeps for itself about the two rings of its end, and
// the few instructions that send and receive where nothing needs to wait. docs/pipe-protocol.md.
namespace bulkhead::detail {

/// Bits of an end's attention word, which its peer looks at after each step.
namespace attention {
inline constexpr std::uint32_t receiver_asleep = 1;
inline constexpr std::uint32_t receiver_bell = 2;  ///< Somebody waits for the end's eventfd.
inline constexpr std::uint32_t sender_asleep = 4;
inline constexpr std::uint32_t sender_bell = 8;
inline constexpr std::uint32_t changed = 16;  ///< The end is no longer plainly open.
inline constexpr std::uint32_t for_senders = receiver_asleep | receiver_bell | changed;
inline constexpr std::uint32_t for_receivers = sender_asleep | sender_bell;
}  // namespace attention

/// Larger messages travel through a ring of bytes.
inline constexpr std::size_t pipe_slot_bytes_max = 64 * 1024;

constexpr std::size_t pipe_slot_bytes(std::size_t message_bytes) noexcept {
  if (message_bytes <= 64) return std::bit_ceil(message_bytes < 8 ? 8 : message_bytes);
  return (message_bytes + 15) / 16 * 16;
}

/// Messages of one size, up to 64 KiB, have slots of that size; the bytes between two slots are as
/// few as alignment allows, since each costs.
template <class T>
inline constexpr bool is_slotted = is_fixed_size<T>&& fixed_size_of<T> <= pipe_slot_bytes_max;

/// 0: a ring of bytes.
template <class T>
inline constexpr std::size_t pipe_slot_of = is_slotted<T> ? pipe_slot_bytes(fixed_size_of<T>) : 0;

/// How far ahead of a message's slot the next ones are fetched, so that a line has come before it
/// is written. Large slots fill in sequence, which CPUs foresee by themselves.
template <std::size_t SlotBytes>
inline constexpr std::size_t fetched_ahead = SlotBytes <= 128 ? 512 : 2 * SlotBytes;

/// Of the slot behind one that is lent out, where it is large: as many lines at once as a CPU can
/// wait for. For a small one asking takes as long as filling it.
constexpr std::size_t lent_ahead(std::size_t slot_bytes) noexcept {
  return slot_bytes < 4096 ? 0 : 2048;
}

/// A side whose looks brought next to nothing so often in a row rides close behind the other: each
/// look takes the line of the other's position from it, and both go at the speed of that line.
inline constexpr std::int32_t rides_most = 16;
inline constexpr std::uint64_t ridden_for = 8;  ///< Messages, or places.

/// How an attempt on the fast path ended.
enum class fast : std::uint8_t {
  no,    ///< Nothing was done: take the slow path.
  done,  ///< Done.
  heed,  ///< Done, and the peer wants attention.
  bad,   ///< What is in the slot is no message.
};

/// The sending side of an end, private to its process.
struct alignas(64) pipe_out_port {
  pipe_gate gate;                 ///< Its position is the next place.
  std::uint32_t patience_ns = 0;  ///< Of spin_for_room.
  std::uint64_t free_to = 0;      ///< Places before this one are free.
  std::uint64_t mask = 0;
  std::uint64_t capacity = 0;
  std::byte* slots = nullptr;
  std::atomic<std::uint64_t>* shared_tail = nullptr;
  const std::atomic<std::uint64_t>* shared_head = nullptr;
  const std::atomic<std::uint32_t>* peer = nullptr;  ///< The peer's attention word.
  const std::atomic<std::uint32_t>* own = nullptr;   ///< This end's.
  std::int32_t rides = 0;                            ///< Looks in a row that brought little.
  std::uint64_t free_after = 0;                      ///< free_to, when the loan is back.
  std::uintptr_t borrower = 0;  ///< The thread that has the next place on loan: nobody may send
                                ///< before it. 0: nobody.

  [[nodiscard]] bool lent() const noexcept { return borrower != 0; }
  [[nodiscard]] std::uint64_t tail() const noexcept { return gate.position(); }

  /// Where there is room for sure.
  template <class T>
  [[nodiscard]] [[gnu::always_inline]] fast send(const T& value) noexcept {
    if (!gate.enter()) [[unlikely]]
      return fast::no;
    const std::uint64_t place = tail();
    if (place == free_to) [[unlikely]] {
      gate.leave();
      return fast::no;
    }
    store(place, value);
    return publish(place + 1);
  }
  /// Where there may be by now. @limits waits: this is a waiting call, which may spin.
  template <class T>
  [[nodiscard]] fast send_after_look(const T& value, bool waits) noexcept {
    if (!gate.enter()) return fast::no;
    if (tail() == free_to && !refill(waits)) {
      gate.leave();
      return fast::no;
    }
    store(tail(), value);
    return publish(tail() + 1);
  }

  /// Lends the next place out, where there is room for sure. @returns nullptr: take the slow path.
  [[nodiscard]] [[gnu::always_inline]] std::byte* lend(std::size_t slot_bytes) noexcept {
    if (!gate.enter()) [[unlikely]]
      return nullptr;
    std::byte* at = nullptr;
    if (tail() != free_to) [[likely]] {
      at = slots + (tail() & mask) * slot_bytes;
      // While this one is filled, the next one's lines come.
      if (lent_ahead(slot_bytes) != 0 && free_to - tail() > 1) {
        fetch_all_to_write(at + slot_bytes, lent_ahead(slot_bytes));
      }
      mark_lent();
    }
    gate.leave();
    return at;
  }
  /// Where there may be by now. @limits waits: this is a waiting call, which may spin.
  [[nodiscard]] std::byte* lend_after_look(std::size_t slot_bytes, bool waits) noexcept {
    if (!gate.enter()) return nullptr;
    if (tail() == free_to) static_cast<void>(refill(waits));
    gate.leave();
    return lend(slot_bytes);
  }
  /// Publishes the place that is lent out.
  [[gnu::always_inline]] fast publish_lent() noexcept {
    if (!gate.enter()) [[unlikely]]
      return fast::no;
    unmark_lent();
    return publish(tail() + 1);
  }

  // The rest is for who is inside the gate, or holds the lock.

  /// The fast path of others then finds no room, and then the mark.
  void mark_lent() noexcept {
    borrower = this_thread_mark();
    free_after = free_to;
    free_to = tail();
  }
  void unmark_lent() noexcept {
    borrower = 0;
    free_to = free_after;
  }

  template <class T>
  [[gnu::always_inline]] void store(std::uint64_t place, const T& value) noexcept {
    if constexpr (fixed_size_of<T> != 0) {
      std::byte* const at = slots + (place & mask) * pipe_slot_of<T>;
      // The lines that are written next come from the receiver's cache, one by one unless they are
      // asked for: stores wait for each other. Behind the ring's end it is for nothing.
      fetch_to_write(at + fetched_ahead<pipe_slot_of<T>>);
      codec<T>::store(at, value);
    }
  }

  /// The place after the last one that lies in the ring behind `place`.
  [[nodiscard]] std::uint64_t ring_end(std::uint64_t place) const noexcept {
    return (place | mask) + 1;
  }
  /// Publishes every place before `end` and leaves the gate.
  [[gnu::always_inline]] fast publish(std::uint64_t end) noexcept {
    shared_tail->store(end, std::memory_order_release);
    // The one who parks orders this store before the look at the attention word (membarrier).
    std::atomic_signal_fence(std::memory_order_seq_cst);
    const std::uint32_t wanted = peer->load(std::memory_order_relaxed) & attention::for_senders;
    gate.leave_at(end);
    return wanted == 0 ? fast::done : fast::heed;
  }

  /// A head that cannot be is for the slow path to report.
  [[nodiscard]] bool refill(bool waits) noexcept {
    if (lent()) return false;
    if (waits && rides >= rides_most) [[unlikely]]
      return fall_behind();
    if (!look(1)) return waits && spin_for_room();
    rides = free_to - tail() <= ridden_for ? rides + 1 : 0;
    return true;
  }
  [[nodiscard]] bool look(std::uint64_t at_least) noexcept {
    const std::uint64_t end = shared_head->load(std::memory_order_acquire) + capacity;
    if (end - tail() > capacity || end - tail() < at_least) return false;
    free_to = end;
    return end != tail();
  }
  bool spin_for_room() noexcept;
  bool fall_behind() noexcept;
};

/// The receiving side of an end, private to its process.
struct alignas(64) pipe_in_port {
  pipe_gate gate;                 ///< Its position is the next message.
  std::uint32_t patience_ns = 0;  ///< Of spin_for_message.
  std::uint64_t limit = 0;        ///< Messages before this place are there.
  std::uint64_t mask = 0;
  std::uint64_t capacity = 0;
  const std::byte* slots = nullptr;
  std::atomic<std::uint64_t>* shared_head = nullptr;
  const std::atomic<std::uint64_t>* shared_tail = nullptr;
  const std::atomic<std::uint32_t>* peer = nullptr;      ///< The peer's attention word.
  const std::atomic<std::uint32_t>* restarts = nullptr;  ///< Of the peer.
  std::uint32_t restarts_seen = 0;
  const std::atomic<std::uint32_t>* stop = nullptr;  ///< This process is asked to stop.
  const std::atomic<std::uint32_t>* own = nullptr;   ///< This end's attention word.
  std::uint64_t limit_after = 0;                     ///< limit, when the loan is back.
  std::uintptr_t borrower = 0;  ///< The thread that has the next message on loan: nobody may
                                ///< receive before it. 0: nobody.
  // Of spin_for_message.
  const std::atomic<std::uint64_t>* sent = nullptr;  ///< The tail of the direction from this end.
  std::uint64_t sent_seen = 0;
  std::size_t stride = 0;    ///< Of the slots; 0: a ring of bytes.
  std::uint32_t pauses = 0;  ///< Before each look.
  std::uint32_t spins = 0;
  std::int32_t rides = 0;        ///< Looks in a row that brought little.
  std::uint64_t sent_while = 0;  ///< `sent`, when it last rode.

  [[nodiscard]] bool lent() const noexcept { return borrower != 0; }
  [[nodiscard]] std::uint64_t head() const noexcept { return gate.position(); }

  /// Where a message is there for sure.
  /// @limits waits: this is a waiting call, which a stop request ends before it takes anything.
  template <class T>
  [[nodiscard]] [[gnu::always_inline]] fast receive(T& out, bool waits) noexcept {
    if (!gate.enter()) [[unlikely]]
      return fast::no;
    if (head() == limit || (waits && stop->load(std::memory_order_relaxed) != 0)) [[unlikely]] {
      gate.leave();
      return fast::no;
    }
    return take_next(out);
  }
  /// Where one may be there by now.
  template <class T>
  [[nodiscard]] fast receive_after_look(T& out, bool waits) noexcept {
    if (!gate.enter()) return fast::no;
    if ((waits && stop->load(std::memory_order_relaxed) != 0) ||
        (head() == limit && !refill(waits))) {
      gate.leave();
      return fast::no;
    }
    return take_next(out);
  }

  /// Lends the next message out, where one is there for sure. @returns nullptr: take the slow path.
  [[nodiscard]] [[gnu::always_inline]] const std::byte* lend(std::size_t slot_bytes,
                                                             bool waits) noexcept {
    if (!gate.enter()) [[unlikely]]
      return nullptr;
    const std::byte* at = nullptr;
    const bool stopped = waits && stop->load(std::memory_order_relaxed) != 0;
    if (head() != limit && !stopped) [[likely]] {
      at = slots + (head() & mask) * slot_bytes;
      mark_lent();
    }
    gate.leave();
    return at;
  }
  /// Where one may be there by now.
  [[nodiscard]] const std::byte* lend_after_look(std::size_t slot_bytes, bool waits) noexcept {
    if (!gate.enter()) return nullptr;
    const bool stopped = waits && stop->load(std::memory_order_relaxed) != 0;
    if (head() == limit && !stopped) static_cast<void>(refill(waits));
    gate.leave();
    return lend(slot_bytes, waits);
  }
  /// Frees the place that is lent out.
  [[gnu::always_inline]] fast release_lent() noexcept {
    if (!gate.enter()) [[unlikely]]
      return fast::no;
    unmark_lent();
    return release(head() + 1);
  }

  // The rest is for who is inside the gate, or holds the lock.

  template <class T>
  [[gnu::always_inline]] fast take_next(T& out) noexcept {
    const std::uint64_t place = head();
    if (!load(place, out)) [[unlikely]] {
      gate.leave();
      return fast::bad;
    }
    return release(place + 1);
  }

  /// The fast path of others then finds nothing, and then the mark.
  void mark_lent() noexcept {
    borrower = this_thread_mark();
    limit_after = limit;
    limit = head();
  }
  void unmark_lent() noexcept {
    borrower = 0;
    limit = limit_after;
  }

  template <class T>
  [[gnu::always_inline]] bool load(std::uint64_t place, T& out) const noexcept {
    if constexpr (fixed_size_of<T> == 0) {
      return true;
    } else {
      return codec<T>::load(slots + (place & mask) * pipe_slot_of<T>, out);
    }
  }

  /// The place after the last one that lies in the ring behind `place`.
  [[nodiscard]] std::uint64_t ring_end(std::uint64_t place) const noexcept {
    return (place | mask) + 1;
  }
  /// Frees every place before `end` and leaves the gate.
  [[gnu::always_inline]] fast release(std::uint64_t end) noexcept {
    shared_head->store(end, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    const std::uint32_t wanted = peer->load(std::memory_order_relaxed) & attention::for_receivers;
    gate.leave_at(end);
    return wanted == 0 ? fast::done : fast::heed;
  }

  [[nodiscard]] bool refill(bool waits) noexcept {
    if (lent()) return false;
    if (waits && rides >= rides_most) [[unlikely]]
      return fall_behind();
    if (!look()) return waits && spin_for_message();
    rides = limit - head() <= ridden_for ? rides + 1 : 0;
    return true;
  }
  /// A tail that cannot be, and a restart of the peer, are for the slow path to report.
  [[nodiscard]] bool look() noexcept {
    const std::uint64_t end = shared_tail->load(std::memory_order_acquire);
    if (end - head() > capacity || end == head()) return false;
    // After the tail: who sees a message of the peer's next incarnation sees its restart.
    if (restarts->load(std::memory_order_relaxed) != restarts_seen) return false;
    limit = end;
    return true;
  }
  bool spin_for_message() noexcept;
  bool fall_behind() noexcept;
};

/// Both, in a page that a forked copy of the process finds empty: there every gate is shut.
struct pipe_ports {
  pipe_out_port out;
  pipe_in_port in;
};

}  // namespace bulkhead::detail

#pragma once

#include <atomic>
#include <bulkhead/detail/handover.hpp>
#include <bulkhead/detail/payload_block.hpp>
#include <bulkhead/detail/pipe_gate.hpp>
#include <bulkhead/detail/pipe_port.hpp>
#include <bulkhead/detail/prefetch.hpp>
#include <cstddef>
#include <cstdint>

// The fast path of a queue: places that are free, or messages that wait, found out beforehand by
// the out-of-line half (runtime/src/core/producer.hpp, consumer.hpp) and used up here, a few
// instructions each. docs/queue-protocol.md names the steps.
namespace bulkhead::detail {

class queue_state;  // runtime/src/queue_state.hpp

enum class closed_state : std::uint32_t { open, closing, closed };

/// What every send and acknowledge looks at afterwards: a line of the queue's header that is
/// written only when somebody parks, closes or fails.
struct queue_signs {
  std::atomic<std::uint64_t> parked_receivers;  ///< Summary: bit n says that word n is not zero.
  std::atomic<std::uint64_t> parked_senders;
  std::atomic<closed_state> closed;
  std::atomic<std::uint32_t> corrupt;        ///< Not 0: a check failed, nobody goes on.
  std::atomic<std::uint32_t> joiners;        ///< Not 0: somebody may wait until all is settled.
  std::atomic<std::uint32_t> receiver_bell;  ///< Not 0: somebody waits for the receivers' eventfd.
  std::atomic<std::uint32_t> sender_bell;

  /// S4, S5: somebody waits for the message that was published, or it came too late.
  [[nodiscard]] [[gnu::always_inline]] bool call_sender() const noexcept {
    return (parked_receivers.load(std::memory_order_relaxed) |
            receiver_bell.load(std::memory_order_relaxed) |
            corrupt.load(std::memory_order_relaxed) |
            static_cast<std::uint32_t>(closed.load(std::memory_order_relaxed))) != 0;
  }
  /// Somebody waits for the place that became free, or for the last of the messages.
  [[nodiscard]] [[gnu::always_inline]] bool call_taker() const noexcept {
    return (parked_senders.load(std::memory_order_relaxed) |
            sender_bell.load(std::memory_order_relaxed) | joiners.load(std::memory_order_relaxed) |
            static_cast<std::uint32_t>(closed.load(std::memory_order_relaxed))) != 0;
  }
};

/// A slot's word and what follows it.
struct queue_place {
  std::atomic<std::uint64_t> word;
  std::uint64_t meta;  ///< size << 32 | low half of the sequence number.
  std::byte payload[8];
};

/// A taken message: where it is, and until it is settled what its slot says.
struct taken {
  queue_place* place;
  std::uint64_t where;  ///< lane << 32 | index.
  std::uint64_t word;   ///< As its taker wrote it.
  std::uint64_t queue;  ///< Its id.

  [[nodiscard]] std::uint32_t lane() const noexcept {
    return static_cast<std::uint32_t>(where >> 32);
  }
  [[nodiscard]] std::uint32_t index() const noexcept { return static_cast<std::uint32_t>(where); }
};

/// The word that gives the place of a message back to its sender: free, and a lap on.
constexpr std::uint64_t freed_word(std::uint64_t word) noexcept { return ((word >> 26) + 1) << 26; }

/// The sending side of a queue, private to its process.
struct alignas(64) queue_out_port {
  pipe_gate gate;              ///< Its position counts what the port has sent.
  std::uint64_t room_end = 0;  ///< The position at which no place is left.
  std::uint32_t inline_bytes = 0;
  std::byte* end = nullptr;  ///< After the last of them.
  std::size_t stride = 0;
  std::uint64_t ready = 0;     ///< The word that publishes in this lap.
  std::uint64_t meta_end = 0;  ///< Low half of the meta word at `end`.
  const queue_signs* signs = nullptr;
  // For messages that need blocks (block_port.hpp).
  payload_block* blocks_end = nullptr;  ///< Behind what the last of the places keeps; or nullptr.
  std::byte* payload = nullptr;         ///< The seat's area.
  // For a forward.
  std::uint64_t position_end = 0;  ///< Of `end`, in the lap of the places.
  result_lane lane;                ///< What it is the port of.

  /// Places before `end` that are free.
  [[nodiscard]] std::uint64_t room() const noexcept { return room_end - gate.position(); }
  void set_room(std::uint64_t places) noexcept { room_end = gate.position() + places; }

  [[nodiscard]] queue_place* next() const noexcept {
    return reinterpret_cast<queue_place*>(end - room() * stride);
  }
  /// Whether there is a next place, and it may keep a block.
  [[nodiscard]] bool has_blocks() const noexcept { return room() != 0 && blocks_end != nullptr; }
  [[nodiscard]] payload_block* next_block() const noexcept { return blocks_end - room(); }
  void write_meta(queue_place& place, std::size_t size) const noexcept {
    place.meta = (meta_end - room()) | (std::uint64_t{size} << 32);
  }
  /// A place for `size` bytes. @returns nullptr, outside the gate: take the slow path; else the
  /// caller is inside until `publish` or `gate.leave`.
  [[nodiscard]] [[gnu::always_inline]] queue_place* open(std::size_t size) noexcept {
    if (!gate.enter()) [[unlikely]]
      return nullptr;
    if (room() == 0 || size > inline_bytes) [[unlikely]] {
      gate.leave();
      return nullptr;
    }
    return next();
  }
  /// S2, S3. @returns false: done and outside the gate. True: still inside, and somebody is to be
  /// heeded.
  [[nodiscard]] [[gnu::always_inline]] bool publish(queue_place* place, std::size_t size) noexcept {
    write_meta(*place, size);
    // Release: a taker that acquires the word sees meta and payload (S3).
    place->word.store(ready, std::memory_order_release);
    // S3 before S4 and S5: who parks or closes does a heavy barrier.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (signs->call_sender()) [[unlikely]] {
      --room_end;
      return true;
    }
    gate.leave_at(gate.position() + 1);
    return false;
  }
};

/// The receiving side. A take ends in a compare-and-swap, which waits for every store before it; so
/// a message takes as few stores as can be, and what can be computed from the gate is not kept.
struct alignas(64) queue_in_port {
  pipe_gate gate;  ///< Its position counts what the port has taken, its visits what it has settled.
  std::uint64_t left_end = 0;  ///< The position at which nothing is left.
  std::uint64_t lent = 0;      ///< `left` in the beginning.
  std::byte* end = nullptr;    ///< After the last of them.
  std::size_t stride = 0;
  std::size_t fetch_ahead = 0;  ///< How far ahead memory is fetched, where messages are there.
  std::uint64_t ready = 0;      ///< The word of a message of this lap that was never delivered.
  std::uint64_t where_end = 0;  ///< Of `end`: lane << 32 | index.
  std::uint64_t mine = 0;       ///< `ready`, taken by us.
  std::uint64_t queue = 0;      ///< The queue's id.
  const std::atomic<std::uint64_t>* version = nullptr;  ///< Of the lane.
  std::uint64_t version_seen = 0;
  std::uint64_t taken_before = 0;  ///< Deliveries taken before this lending, and the gate's visits
                                   ///< that settled none.
  const queue_signs* signs = nullptr;
  const std::atomic<std::uint32_t>* stop = nullptr;  ///< This process is asked to stop.
  queue_state* state = nullptr;
  handover* record = nullptr;  ///< The seat's.
  // For messages in blocks (block_port.hpp).
  const std::byte* area = nullptr;  ///< The lane's, where it is mapped.
  std::uint64_t area_bytes = 0;
  std::uint32_t inline_bytes = 0;

  /// Messages before `end` to be taken, should they be there.
  [[nodiscard]] std::uint64_t left() const noexcept { return left_end - gate.position(); }
  void set_left(std::uint64_t messages) noexcept { left_end = gate.position() + messages; }
  /// Deliveries that were taken before this lending, less those settled here.
  [[nodiscard]] std::int64_t balance() const noexcept {
    return static_cast<std::int64_t>(taken_before - gate.visits());
  }
  /// Deliveries that were taken here and not settled here; below 0 where others took more.
  [[nodiscard]] std::int64_t held() const noexcept {
    return balance() + static_cast<std::int64_t>(lent - left());
  }
  /// Leaves the gate; nothing was taken, nor settled.
  void leave_unchanged() noexcept {
    ++taken_before;
    gate.leave();
  }

  /// T1 to T3. @returns true: taken. Outside the gate in any case; false: take the slow path.
  /// @limits waits: this is a waiting call, which a stop request ends before it takes anything.
  [[nodiscard]] [[gnu::always_inline]] bool take(taken& out, bool waits) noexcept {
    if (!enter_and_take(out, waits)) [[unlikely]]
      return false;
    gate.leave_at(gate.position() + 1);
    return true;
  }
  /// The same, and stays inside the gate with what it took, which is counted when the caller leaves
  /// by `leave_settled` or calls `count_taken`.
  [[nodiscard]] [[gnu::always_inline]] bool enter_and_take(taken& out, bool waits) noexcept {
    if (!gate.enter()) [[unlikely]]
      return false;
    // Acquire: a version that we see brings the READY word that was stored before it (T1).
    const std::uint64_t still = left();
    if (still == 0 || version->load(std::memory_order_acquire) != version_seen ||
        (waits && stop->load(std::memory_order_relaxed) != 0)) [[unlikely]] {
      leave_unchanged();
      return false;
    }
    auto* const place = reinterpret_cast<queue_place*>(end - still * stride);
    fetch_to_write(reinterpret_cast<const std::byte*>(place) + fetch_ahead);
    std::uint64_t expected = ready;
    // Without a look first, which would fetch the line twice: shared, then for us alone. Acquire: a
    // READY word brings the payload that was written before it (S3).
    if (!place->word.compare_exchange_strong(expected, mine, std::memory_order_acq_rel,
                                             std::memory_order_relaxed)) [[unlikely]] {
      leave_unchanged();
      return false;
    }
    out.place = place;
    out.where = where_end - still;
    out.word = mine;
    out.queue = queue;
    return true;
  }
  void count_taken() noexcept { --left_end; }
  /// Leaves the gate after a take that was settled at once.
  void leave_settled() noexcept {
    --taken_before;
    gate.leave_at(gate.position() + 1);
  }

  /// Settles a message for good. @returns whether somebody is to be heeded.
  /// @limits the caller is inside the gate, and leaves it by `gate.leave` or `leave_settled`.
  [[nodiscard]] [[gnu::always_inline]] bool free(const taken& message) noexcept {
    // Release: our reads of the payload come before the producer's next use of it. A plain store is
    // enough: only the owner, or recovery after its proven death, changes a leased word.
    message.place->word.store(freed_word(message.word), std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);  // before the look at who waits
    return signs->call_taker();
  }
};

/// How far a forward by the ports came.
enum class port_forward : std::uint8_t {
  done,   ///< And outside both gates.
  sent,   ///< The result is out, and somebody waits for it or it came too late; inside both gates.
  freed,  ///< Done, outside the output's gate, inside the input's; somebody waits for the place.
};

/// H1 to H3 for one message and its result, which is in `place`, the next one of `out`. The caller
/// is inside both gates, and `in.record` names the lane of `out`.
[[nodiscard]] [[gnu::always_inline]] inline port_forward forward_inside(queue_in_port& in,
                                                                        const taken& message,
                                                                        queue_out_port& out,
                                                                        queue_place* place,
                                                                        std::size_t size) noexcept {
  in.record->name(out.position_end - out.room(), message.where, message.word);
  if (out.publish(place, size)) [[unlikely]]  // H2, the commit
    return port_forward::sent;
  if (in.free(message)) [[unlikely]]  // H3
    return port_forward::freed;
  in.gate.leave();
  return port_forward::done;
}

/// Both, in a page that a forked copy of the process finds empty: there every gate is shut.
struct queue_ports {
  queue_out_port out;
  queue_in_port in;
};

}  // namespace bulkhead::detail

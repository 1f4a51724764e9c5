#pragma once

#include <bit>
#include <new>

#include "common/job.hpp"
#include "common/shared_memory.hpp"
#include "raw/waits.hpp"

namespace bench {

/// Dmitry Vyukov's bounded queue for many producers and consumers, between processes: each cell has
/// a turn number, both sides claim positions by compare-and-swap. Not crash-safe: who dies between
/// claim and turn stops everyone.
/// `CellAlign` 64 gives each 64-byte message two lines, 8 packs cells as the original does.
template <class Message, class Wait, std::size_t CellAlign>
class mpmc_ring {
  struct header {
    alignas(64) std::atomic<std::uint64_t> in;
    alignas(64) std::atomic<std::uint64_t> out;
    alignas(64) std::byte end[64];
  };
  struct alignas(CellAlign) cell {
    std::atomic<std::uint64_t> turn;
    Message message;
  };

 public:
  mpmc_ring(const job& what, unsigned)
      : mask_(std::bit_ceil(what.slots) - 1),
        memory_(sizeof(header) + (mask_ + 1) * sizeof(cell)),
        header_(new (memory_.data()) header{}),
        cells_(reinterpret_cast<cell*>(header_ + 1)) {
    for (std::uint64_t n = 0; n <= mask_; ++n) cells_[n].turn.store(n, std::memory_order_relaxed);
  }

  class end {
   public:
    explicit end(mpmc_ring& ring)
        : header_(ring.header_), cells_(ring.cells_), mask_(ring.mask_), wait_(shared_) {}

    void send(const Message& m) {
      std::uint64_t at = 0;
      cell& c = claim(header_->in, 0, at);
      c.message = m;
      c.turn.store(at + 1, std::memory_order_release);
    }
    void receive(Message& m) {
      std::uint64_t at = 0;
      cell& c = claim(header_->out, 1, at);
      m = c.message;
      c.turn.store(at + mask_ + 1, std::memory_order_release);
    }

   private:
    // Claims the next position of a side; `ahead` is how far its cell's turn is ahead by then.
    cell& claim(std::atomic<std::uint64_t>& index, std::uint64_t ahead, std::uint64_t& at) {
      at = index.load(std::memory_order_relaxed);
      for (;;) {
        cell& c = cells_[at & mask_];
        const auto lead =
            static_cast<std::int64_t>(c.turn.load(std::memory_order_acquire) - (at + ahead));
        if (lead == 0) {
          if (index.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) return c;
        } else if (lead < 0) {
          wait_for_turn(c, at + ahead);
          at = index.load(std::memory_order_relaxed);
        } else {
          at = index.load(std::memory_order_relaxed);
        }
      }
    }
    // Full or empty.
    [[gnu::noinline, gnu::cold]] void wait_for_turn(cell& c, std::uint64_t turn) {
      wait_.until([&] {
        return static_cast<std::int64_t>(c.turn.load(std::memory_order_acquire) - turn) >= 0;
      });
    }

    header* header_;
    cell* cells_;
    std::uint64_t mask_;
    typename Wait::shared shared_;
    Wait wait_;
  };

 private:
  std::uint64_t mask_;
  shared_memory memory_;
  header* header_;
  cell* cells_;
};

/// As a channel of cast.hpp.
template <class Wait, std::size_t CellAlign>
struct mpmc_channel {
  template <class Message>
  class of : public mpmc_ring<Message, Wait, CellAlign> {
   public:
    using base = mpmc_ring<Message, Wait, CellAlign>;
    using base::base;
    auto sender(unsigned) { return typename base::end(*this); }
    auto receiver(unsigned) { return typename base::end(*this); }
  };
};

}  // namespace bench

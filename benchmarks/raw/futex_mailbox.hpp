#pragma once

#include <new>

#include "common/job.hpp"
#include "common/shared_memory.hpp"
#include "raw/waits.hpp"

namespace bench {

/// One message in shared memory and a futex word: what a round trip costs at least when the waiting
/// side sleeps (Spins 0), spins first, or only spins (Spins ~0u). The sender always calls the
/// kernel unless both only spin: it does not know who sleeps.
template <class Message, unsigned Spins>
class futex_mailbox {
  struct box {
    alignas(64) std::atomic<std::uint32_t> turn;
    Message message;
  };

 public:
  futex_mailbox(const job& what, unsigned)
      : memory_(sizeof(box)), box_(new (memory_.data()) box{}) {
    if (what.producers != 1 || what.consumers != 1 || what.mode != "round_trip") {
      throw unsupported("a raw mailbox makes round trips between two");
    }
  }

  class end {
   public:
    explicit end(futex_mailbox& m) : box_(m.box_) {}
    void send(const Message& m) {
      box_->message = m;
      box_->turn.store(++turn_, std::memory_order_release);
      if constexpr (Spins != ~0u) futex_wake(box_->turn);
    }
    void receive(Message& m) {
      wait();
      ++turn_;
      m = box_->message;
    }

   private:
    void wait() {
      for (unsigned n = 0; Spins == ~0u || n < Spins; ++n) {
        if (box_->turn.load(std::memory_order_acquire) != turn_) return;
        relax();
      }
      while (box_->turn.load(std::memory_order_acquire) == turn_) futex_wait(box_->turn, turn_);
    }
    box* box_;
    std::uint32_t turn_ = 0;
  };

  end sender(unsigned) { return end(*this); }
  end receiver(unsigned) { return end(*this); }

 private:
  shared_memory memory_;
  box* box_;
};

template <unsigned Spins>
struct futex_channel {
  template <class Message>
  using of = futex_mailbox<Message, Spins>;
};

}  // namespace bench

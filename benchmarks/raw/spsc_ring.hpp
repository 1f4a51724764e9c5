#pragma once

#include <bit>
#include <cstddef>
#include <new>

#include "common/job.hpp"
#include "common/shared_memory.hpp"
#include "raw/waits.hpp"

namespace bench {

/// The plain ring between two processes: each index has one writer and a line of its own, each side
/// remembers how far the other was when it last looked. The yardstick of everything one way; it
/// knows no crash.
template <class Message, class Wait>
class spsc_ring {
  struct header {
    alignas(64) std::atomic<std::uint64_t> tail;
    alignas(64) std::atomic<std::uint64_t> head;
    // Where a side that waits says so.
    alignas(64) typename Wait::shared room;
    alignas(64) typename Wait::shared news;
    alignas(64) std::byte end[64];
  };

 public:
  spsc_ring(const job& what, unsigned)
      : mask_(std::bit_ceil(what.slots) - 1),
        memory_(sizeof(header) + (mask_ + 1) * sizeof(Message)),
        header_(new (memory_.data()) header{}),
        slots_(reinterpret_cast<Message*>(header_ + 1)) {}

  class sender {
   public:
    explicit sender(spsc_ring& ring)
        : header_(ring.header_),
          slots_(ring.slots_),
          mask_(ring.mask_),
          room_(header_->room),
          news_(header_->news) {}
    void send(const Message& m) {
      next() = m;
      publish();
    }
    /// The slot to be filled; it is sent by `publish`.
    Message& next() {
      if (tail_ - head_seen_ > mask_) [[unlikely]]
        wait_for_room();
      return slots_[tail_ & mask_];
    }
    void publish() {
      header_->tail.store(++tail_, std::memory_order_release);
      news_.notify();
    }
    /// Puts into the ring without telling; `publish_all` tells of all that was put.
    void put(const Message& m) {
      if (tail_ - head_seen_ > mask_) [[unlikely]] {
        publish_all();
        wait_for_room();
      }
      slots_[tail_++ & mask_] = m;
    }
    void publish_all() {
      header_->tail.store(tail_, std::memory_order_release);
      news_.notify();
    }

   private:
    [[gnu::noinline, gnu::cold]] void wait_for_room() {
      room_.until([&] {
        head_seen_ = header_->head.load(std::memory_order_acquire);
        return tail_ - head_seen_ <= mask_;
      });
    }
    header* header_;
    Message* slots_;
    std::uint64_t mask_;
    std::uint64_t tail_ = 0;
    std::uint64_t head_seen_ = 0;
    Wait room_;
    Wait news_;
  };

  class receiver {
   public:
    explicit receiver(spsc_ring& ring)
        : header_(ring.header_),
          slots_(ring.slots_),
          mask_(ring.mask_),
          room_(header_->room),
          news_(header_->news) {}
    void receive(Message& m) {
      m = front();
      pop();
    }
    /// The oldest message, in place until `pop`.
    const Message& front() {
      if (head_ == tail_seen_) [[unlikely]]
        wait_for_news();
      return slots_[head_ & mask_];
    }
    void pop() {
      header_->head.store(++head_, std::memory_order_release);
      room_.notify();
    }
    /// Waits for messages, shows each to `visit`, then gives all their places back at once.
    template <class Visit>
    std::uint64_t drain(Visit visit) {
      if (head_ == tail_seen_) wait_for_news();
      const std::uint64_t count = tail_seen_ - head_;
      while (head_ != tail_seen_) visit(slots_[head_++ & mask_]);
      header_->head.store(head_, std::memory_order_release);
      room_.notify();
      return count;
    }

   private:
    [[gnu::noinline, gnu::cold]] void wait_for_news() {
      news_.until([&] {
        tail_seen_ = header_->tail.load(std::memory_order_acquire);
        return head_ != tail_seen_;
      });
    }
    header* header_;
    const Message* slots_;
    std::uint64_t mask_;
    std::uint64_t head_ = 0;
    std::uint64_t tail_seen_ = 0;
    Wait room_;
    Wait news_;
  };

  sender sender_end() { return sender(*this); }
  receiver receiver_end() { return receiver(*this); }

 private:
  std::uint64_t mask_;
  shared_memory memory_;
  header* header_;
  Message* slots_;
};

/// As a channel of cast.hpp.
template <class Wait>
struct spsc_channel {
  template <class Message>
  class of : public spsc_ring<Message, Wait> {
   public:
    using spsc_ring<Message, Wait>::spsc_ring;
    auto sender(unsigned) { return this->sender_end(); }
    auto receiver(unsigned) { return this->receiver_end(); }
  };
};

}  // namespace bench

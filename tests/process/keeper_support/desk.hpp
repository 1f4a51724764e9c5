#pragma once

#include <bulkhead/message.hpp>
#include <cstring>
#include <optional>

#include "core/consumer.hpp"
#include "core/producer.hpp"
#include "os/barrier.hpp"
#include "os/queue_memory.hpp"

namespace bulkhead_test {

/// A seat at a queue, in the shortest form: sends and takes numbers and bytes, never waits.
class desk {
 public:
  desk(bulkhead::os::unique_fd segment, std::uint32_t seat, std::uint32_t epoch = 1)
      : os_(bulkhead::os::make_platform()),
        memory_(std::move(segment), os_),
        consumer_(memory_.view(), seat, epoch) {
    memory_.own_seat(seat);
    producer_.emplace(memory_.view(), seat, memory_);
  }

  bool send(std::span<const std::byte> bytes) {
    bulkhead::core::place to;
    if (producer_->reserve(bytes.size(), to) != bulkhead::core::outcome::done) return false;
    std::memcpy(to.bytes, bytes.data(), bytes.size());
    return producer_->publish(to) == bulkhead::core::outcome::done;
  }
  bool send(std::uint64_t number) { return send(std::as_bytes(std::span(&number, 1))); }

  std::optional<bulkhead::core::lease> take() {
    bulkhead::core::lease l;
    if (!consumer_.take(l)) return std::nullopt;
    return l;
  }
  void acknowledge(const bulkhead::core::lease& l) { bulkhead::core::acknowledge(view(), l); }

  std::span<const std::byte> bytes_of(const bulkhead::core::lease& l) {
    const bulkhead::core::slot& s = bulkhead::core::slot_of(view(), l);
    const std::size_t size = s.meta >> 32;
    if (size <= view().shape().inline_bytes) return {s.payload, size};
    std::uint64_t block = 0;
    std::memcpy(&block, s.payload, sizeof block);
    return {memory_.read(l.lane) + block, size};
  }
  std::uint64_t number_of(const bulkhead::core::lease& l) {
    std::uint64_t number = 0;
    std::memcpy(&number, bytes_of(l).data(), sizeof number);
    return number;
  }

  [[nodiscard]] std::uint64_t sent() const { return producer_->sent(); }
  [[nodiscard]] const bulkhead::core::queue_view& view() const { return memory_.view(); }

 private:
  bulkhead::core::platform os_;
  bulkhead::os::queue_memory memory_;
  bulkhead::core::consumer consumer_;
  std::optional<bulkhead::core::producer> producer_;
};

}  // namespace bulkhead_test

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/consumer.hpp"
#include "core/forward.hpp"
#include "core/producer.hpp"
#include "core/recovery.hpp"

namespace stepper {

namespace core = bulkhead::core;

/// What every message of these tests carries: the second half is computed from the first, so a torn
/// one shows.
struct payload {
  std::uint64_t value;
  std::uint64_t check;

  static payload of(std::uint64_t value) noexcept {
    return {value, value * 0x9e3779b97f4a7c15u ^ 0x5a5a};
  }
  [[nodiscard]] bool whole() const noexcept { return check == of(value).check; }
};

/// A message that does not fit a slot, and so lies in a block.
struct long_payload {
  payload head;
  std::array<std::uint64_t, 6> rest;

  static long_payload of(std::uint64_t value) noexcept {
    long_payload all{payload::of(value), {}};
    for (std::uint64_t& word : all.rest) word = all.head.check;
    return all;
  }
  [[nodiscard]] bool whole() const noexcept { return head.whole() && rest == of(head.value).rest; }
};

/// The seats' payload areas of a queue, which lie in its segment here.
class payload_areas final : public core::payload_area {
 public:
  explicit payload_areas(const core::queue_view& queue) noexcept : queue_(&queue) {}
  const std::byte* read(std::uint32_t seat) override;
  std::byte* write(std::uint32_t seat, std::uint64_t bytes) override;

 private:
  const core::queue_view* queue_;
};

/// Two small queues and the dead letters of the first, in one piece of memory that a killed child
/// leaves as it is.
class world {
 public:
  static constexpr std::uint32_t seats = 3;
  static constexpr std::uint32_t capacity = 4;

  static constexpr std::uint64_t area_bytes = 4096;  ///< Of a seat, where there are blocks.

  explicit world(std::uint32_t max_attempts, std::uint32_t total = 0, bool blocks = false);
  ~world();
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  [[nodiscard]] const core::queue_view& in() const noexcept { return *in_; }
  [[nodiscard]] const core::queue_view& out() const noexcept { return *out_; }
  /// nullptr in a world without max_attempts: what is not used need not be compared at each step.
  [[nodiscard]] const core::queue_view* letters() const noexcept {
    return letters_ ? &*letters_ : nullptr;
  }
  [[nodiscard]] core::payload_area& in_payload() const noexcept { return *in_payload_; }
  [[nodiscard]] core::payload_area& out_payload() const noexcept { return *out_payload_; }
  [[nodiscard]] std::span<std::byte> bytes() const noexcept { return {base_, size_}; }

 private:
  std::byte* base_ = nullptr;
  std::size_t size_ = 0;
  std::optional<core::queue_view> in_;
  std::optional<core::queue_view> out_;
  std::optional<core::queue_view> letters_;
  mutable std::optional<payload_areas> in_payload_;
  mutable std::optional<payload_areas> out_payload_;
};

/// The private halves that one participant has of both queues. A value: a copy is what the process
/// would be, had it gone on.
struct party {
  party(const world& w, std::uint32_t seat, std::uint32_t epoch);

  core::producer in_send;
  core::producer out_send;
  core::consumer in_take;
  core::consumer out_take;
};

/// Sends a message that must fit. @returns what publish said.
core::outcome send(core::producer& lane, std::uint64_t value);
/// The same in a block.
core::outcome send_long(core::producer& lane, std::uint64_t value);
/// A message of either kind. @returns one that is not whole where any of it is wrong.
payload read(const core::queue_view& queue, const core::lease& l);

/// Forwards leases to `results` messages base, base + 1, ... as the library does: room, stage,
/// forward, wake.
core::outcome forward(const core::queue_view& from, const core::lease& input, core::producer& to,
                      std::uint64_t base, std::size_t results, std::size_t credit);

/// The same with several inputs, and several outputs in the order of their queues.
struct output {
  core::producer* lane = nullptr;
  std::uint64_t base = 0;
  std::size_t results = 0;
};
core::outcome forward(std::span<const core::forward_input> inputs, std::span<const output> outputs);

/// The first one, with results in blocks.
core::outcome forward_long(const core::queue_view& from, const core::lease& input,
                           core::producer& to, std::uint64_t base, std::size_t results);

/// What the dead letters say: the message's value, and how many attempts it had.
std::vector<std::pair<std::uint64_t, std::uint32_t>> read_letters(const world& w);

/// Recovers seat 1 of both queues.
void recover(const world& w, bool own_doing);

/// The memory of a world as the words that differ from a base.
using image = std::vector<std::pair<std::uint32_t, std::uint64_t>>;
image take_image(const world& w, std::span<const std::uint64_t> base);
void put_image(const world& w, std::span<const std::uint64_t> base, const image& what);

}  // namespace stepper

#pragma once

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

/// Two small queues and the dead letters of the first, in one piece of memory that a killed child
/// leaves as it is.
class world {
 public:
  static constexpr std::uint32_t seats = 3;
  static constexpr std::uint32_t capacity = 4;

  explicit world(std::uint32_t max_attempts, std::uint32_t total = 0);
  ~world();
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  [[nodiscard]] const core::queue_view& in() const noexcept { return *in_; }
  [[nodiscard]] const core::queue_view& out() const noexcept { return *out_; }
  /// nullptr in a world without max_attempts: what is not used need not be compared at each step.
  [[nodiscard]] const core::queue_view* letters() const noexcept {
    return letters_ ? &*letters_ : nullptr;
  }
  [[nodiscard]] std::span<std::byte> bytes() const noexcept { return {base_, size_}; }

 private:
  std::byte* base_ = nullptr;
  std::size_t size_ = 0;
  std::optional<core::queue_view> in_;
  std::optional<core::queue_view> out_;
  std::optional<core::queue_view> letters_;
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

/// What the dead letters say: the message's value, and how many attempts it had.
std::vector<std::pair<std::uint64_t, std::uint32_t>> read_letters(const world& w);

/// Recovers seat 1 of both queues.
void recover(const world& w, bool own_doing);

/// The memory of a world as the words that differ from a base.
using image = std::vector<std::pair<std::uint32_t, std::uint64_t>>;
image take_image(const world& w, std::span<const std::uint64_t> base);
void put_image(const world& w, std::span<const std::uint64_t> base, const image& what);

}  // namespace stepper

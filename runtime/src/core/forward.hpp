#pragma once

#include <span>

#include "core/consumer.hpp"
#include "core/producer.hpp"

namespace bulkhead::core {

/// One output of a forward: the process's own producer there, with the results staged.
struct forward_output {
  producer* lane = nullptr;
  std::size_t results = 0;
};

/// One input: a message that this process holds.
struct forward_input {
  const queue_view* queue = nullptr;
  lease held;
};

/// F3 to F9: settles the inputs and makes the staged results visible as one step: after a crash at
/// any instruction, and recovery, both have happened or neither. The caller holds the lane locks of
/// all outputs, has staged and filled every result, and keeps `record`, a free record of its seat
/// in the first input's queue, to itself meanwhile.
/// @returns done, or closed: an output is closed, nothing was sent, the leases are kept and the
/// staged places dropped.
outcome forward(std::span<const forward_input> inputs, std::span<const forward_output> outputs,
                forward_record& record, std::uint64_t record_bit) noexcept;

/// F8 for one input named by a record: frees the slot if it is still pinned by `seat`. Repeatable.
void free_pinned(const queue_view& queue, std::uint32_t lane, position at,
                 std::uint32_t seat) noexcept;

/// F10: wakes whoever waits for what a forward has done.
void wake_after_forward(std::span<const forward_input> inputs,
                        std::span<const forward_output> outputs) noexcept;

}  // namespace bulkhead::core

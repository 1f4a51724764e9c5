#pragma once

#include <cstddef>

#include "core/payload_area.hpp"
#include "core/producer.hpp"
#include "core/recovery.hpp"

namespace bulkhead::core {

/// Writes the dead letters of one queue into its dead-letter queue, of which it is the only sender.
/// A letter is the encoding of dead_letter<T>: the message's own bytes, then its message_id, the
/// attempts, how each taker ended, and a note. Before a letter is published its place is written
/// beside the message that it is about, so a recovery that is repeated buries nothing twice.
class letter_writer final : public graveyard {
 public:
  static constexpr std::uint32_t seat = 0;  ///< The writer's, in the dead-letter queue.

  /// Takes over where an earlier writer was killed.
  /// @owns all four outlive the writer.
  letter_writer(const queue_view& origin, payload_area& origin_payload, const queue_view& letters,
                payload_area& letters_payload);

  /// @returns false: no room. A close of the letters keeps none out.
  bool bury(const queue_view& queue, const poisoned& message) override;

 private:
  void drop_unkept_claims() noexcept;
  bool is_buried(const letter_place& known, std::uint64_t lap) const noexcept;
  bool write_letter(const poisoned& message, letter_place& known);
  const std::byte* message_bytes(const slot& s, std::uint32_t lane, std::size_t& size);

  const queue_view* origin_;
  payload_area* origin_payload_;
  const queue_view* letters_;
  producer sender_;
};

}  // namespace bulkhead::core

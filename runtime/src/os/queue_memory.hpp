#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "core/payload_area.hpp"
#include "core/queue_view.hpp"
#include "os/mailbox_descriptors.hpp"
#include "os/segment.hpp"

namespace bulkhead::os {

/// A queue's segment in this process: the part that holds words and slots, mapped at once, and the
/// seats' payload areas, each mapped when it is first met. Any thread may read and write at once.
class queue_memory final : public core::payload_area {
 public:
  enum class role : std::uint8_t { participant, keeper };  ///< The keeper maps the faults as well.

  /// @errors bulkhead::error errc::corrupt: the segment is no queue of this library's;
  /// std::system_error: no memory, no descriptors.
  /// @owns `os` outlives the object.
  queue_memory(unique_fd segment, const core::platform& os, role as = role::participant);
  ~queue_memory();

  [[nodiscard]] const core::queue_view& view() const noexcept { return view_; }
  [[nodiscard]] int fd() const noexcept { return kept_.segment(); }
  /// Of its bells the receivers' is the first, the senders' the second.
  [[nodiscard]] mailbox_descriptors& kept() noexcept { return kept_; }

  /// Makes sure that a range of what is mapped at once has memory, and is in this process's page
  /// tables: nothing is left to be done when it is touched. @limits offset is a page's.
  /// @returns an error: try again.
  [[nodiscard]] std::error_code populate(std::size_t offset, std::size_t bytes,
                                         access wanted) noexcept;

  /// Fetches what a recovery reads, the lanes above all, into this process's page tables. A lane
  /// counts from its first message on.
  void map_lanes() noexcept;

  /// Says which seat is this process's: `write` is for that one only. Once, before the first write.
  void own_seat(std::uint32_t seat) noexcept { own_.store(seat, std::memory_order_release); }

  const std::byte* read(std::uint32_t seat) override;
  /// The same. @returns why it cannot be mapped: no memory, no descriptor, no keeper.
  std::error_code map_to_read(std::uint32_t seat) noexcept;
  /// What these mapped of a seat; nullptr: nothing yet.
  [[nodiscard]] const std::byte* mapped(std::uint32_t seat) const noexcept {
    if (seat >= shape_.participants) return nullptr;
    // Acquire: the mapping was there before its address.
    return starts_[seat].load(std::memory_order_acquire);
  }
  std::byte* write(std::uint32_t seat, std::uint64_t bytes) override;

 private:
  static constexpr std::uint32_t no_seat = ~std::uint32_t{0};

  mapping map_payload(int segment, std::uint32_t seat, access allowed);
  std::byte* grow(std::uint32_t seat, std::uint64_t bytes);

  core::queue_shape shape_;  // read once; what the header says later changes nothing here
  mapping control_;
  /// What of a seat map_lanes has fetched.
  enum class fetched : std::uint8_t { nothing, heads, lane };
  std::vector<fetched> seats_fetched_;
  core::queue_view view_;
  mailbox_descriptors kept_;
  std::atomic<std::uint32_t> own_{no_seat};
  std::mutex mutex_;  // guards the growth of what follows
  std::vector<mapping> payload_;
  std::unique_ptr<std::atomic<const std::byte*>[]> starts_;
  mapping own_payload_;
  std::atomic<std::uint64_t> reserved_{0};  // bytes of own_payload_
};

}  // namespace bulkhead::os

#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "core/letters.hpp"
#include "core/timekeeper.hpp"
#include "os/coarse_clock.hpp"
#include "os/keeper/seat_table.hpp"
#include "os/keeper/sender_book.hpp"
#include "os/queue_memory.hpp"

namespace bulkhead::os {

class queue_table;

/// What the keeper knows of one queue, and the way to its dead letters, which are made when the
/// first message dies.
class queue_record final : public core::graveyard {
 public:
  queue_record(queue_table& table, std::uint64_t id, std::string name, unique_fd segment,
               const core::platform& os);
  queue_record(const queue_record&) = delete;
  queue_record& operator=(const queue_record&) = delete;

  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const core::queue_view& view() const noexcept { return memory_.view(); }
  [[nodiscard]] queue_memory& memory() noexcept { return memory_; }
  /// The segment, and the receivers' and the senders' eventfds.
  [[nodiscard]] std::array<int, 3> descriptors() const noexcept {
    return {memory_.fd(), view().bells[0], view().bells[1]};
  }

  /// Gives a process its seat, with memory for everything in it.
  /// @errors bulkhead::error errc::too_many_participants, or errc::full: ask again, some seats
  /// belong to the dead and are not drained yet; std::system_error: no memory.
  struct seat_grant {
    std::uint32_t seat = 0;
    std::uint32_t epoch = 0;
    std::uint64_t sent_before = 0;
  };
  seat_grant join(const claimant& who);

  /// @errors std::system_error: there was no memory for a second.
  void make_room(std::size_t offset, std::size_t bytes) override;
  bool bury(const core::queue_view& queue, const core::poisoned& message) override;

  seat_table seats;
  sender_book senders;
  bool close_after_senders = false;
  std::set<std::uint32_t> holders;  ///< Serials of the processes with a handle.
  std::uint64_t letters = 0;        ///< Id of its dead-letter queue; 0: none yet.
  std::uint64_t letters_of = 0;  ///< The queue whose dead letters these are; 0: an ordinary queue.
  core::timekeeper clock{clock_ms};
  std::uint64_t next_deadline_ms = core::timekeeper::never;  ///< When `clock` is to look.
  bool stuck = false;      ///< A message waits for room in the dead letters.
  bool touched = true;     ///< Something but the seats changed that the next keeper must know.
  bool deposited = false;  ///< The host has its descriptors.
  /// Why messages were rejected, by lane and position, until they are buried.
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::string> notes;

 private:
  [[nodiscard]] bool is_drained(std::uint32_t seat) const noexcept;
  void make_room_for_letter(std::uint32_t lane, std::uint32_t index);
  void make_room_for_letters();
  void reserve_seat(std::uint32_t seat);
  std::uint64_t sent_from(std::uint32_t seat);

  queue_table* table_;
  std::uint64_t id_;
  std::string name_;
  queue_memory memory_;
  std::unique_ptr<core::letter_writer> writer_;
  std::size_t letters_room_ = 0;  // the page of letter_places that was given memory last
};

}  // namespace bulkhead::os

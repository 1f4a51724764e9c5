#pragma once

#include <bulkhead/message.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "os/keeper/ledger.hpp"
#include "os/keeper/seat_table.hpp"

namespace bulkhead::os::estate {

// What one keeper leaves the next: the entries of its ledger, by kind. Where descriptors belong to
// an entry they are in the host's vault under the same kind and id (docs/control-protocol.md).

inline constexpr std::uint32_t of_tree = 1;   ///< tree_note; the working directory
inline constexpr std::uint32_t of_queue = 2;  ///< queue_note; segment and bells
inline constexpr std::uint32_t of_seat = 3;  ///< seat_table::place; id: of the queue, sub: the seat
inline constexpr std::uint32_t of_pipe = 4;  ///< pipe_note; segment and bells
inline constexpr std::uint32_t of_carried = 5;   ///< carried_note; id, sub, place: of the message
inline constexpr std::uint32_t of_child = 6;     ///< child_note, from before its fork to its end
inline constexpr std::uint32_t of_attached = 7;  ///< attached_note; pidfd
inline constexpr std::uint32_t of_answer = 8;    ///< answer_note; id: who asked
inline constexpr std::uint32_t of_publication = 9;  ///< publication_note; directory and listener

struct tree_note {
  std::uint64_t name = 0;
  std::uint32_t last_serial = 0;
  std::uint64_t last_queue = 0;
  std::uint64_t last_pipe = 0;
  bool uses_groups = false;  ///< Control groups of its children may be there.
};
struct sender_note {
  claimant who;
  bool alive = true;
};
struct reject_note {
  std::uint32_t lane = 0;
  std::uint64_t position = 0;
  std::string text;
};
struct queue_note {
  std::string name;
  bool close_after_senders = false;
  bool senders_given = false;
  std::vector<sender_note> senders;    ///< Who may come again, or outlives the keeper.
  std::vector<std::uint32_t> holders;  ///< Who outlives the keeper.
  std::uint64_t letters = 0;
  std::uint64_t letters_of = 0;
  std::vector<reject_note> rejected;
};
struct carried_note {
  std::uint64_t position = 0;
  std::vector<std::uint64_t> names;
};
struct child_note {
  claimant who;
  std::vector<std::uint64_t> sends_to;  ///< Queues of which it got a sender.
  bool is_hung = false;                 ///< It was to be ended for that.
};
struct attached_note {
  std::int32_t pid = 0;
  std::string name;
};
/// The reply to the last request that must not be carried out twice.
struct answer_note {
  std::int32_t number = 0;
  std::uint16_t kind = 0;
  std::vector<std::byte> body;
};
struct publication_note {
  std::uint64_t queue = 0;
  std::uint32_t owner = 0;
  std::string path;
  std::string type;
  std::vector<std::uint32_t> allow;
  std::string name;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
};

}  // namespace bulkhead::os::estate

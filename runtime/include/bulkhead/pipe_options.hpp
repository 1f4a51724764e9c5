#pragma once

#include <bulkhead/exit_status.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

namespace bulkhead {

/// What the maker of a pipe chooses, for both directions.
struct pipe_options {
  std::string name = {};  ///< For messages and reports; need not be unique.
  /// Messages under way in a direction: 1 to 8388608.
  std::uint32_t capacity = 1024;
  /// Bytes under way in a direction: 4 KiB to 4 GiB; two messages of fixed size always fit. A
  /// message that is larger than three eighths of it goes in pieces, for which the receiver keeps
  /// memory of that message's size, at most 64 MiB, until it is destroyed.
  std::size_t ring_bytes = std::size_t{512} << 10;
};

/// The other side of a pipe.
struct pipe_peer {
  enum class state : std::uint8_t {
    open,
    awaited,  ///< Its process died, and its supervisor may start it again.
    closed,   ///< It closed its end, or exited with 0.
    crashed,  ///< It ended otherwise.
  };
  pipe_peer::state what = state::open;
  std::string name;            ///< Of its process, the last one where that has ended.
  std::int32_t id = 0;         ///< Its process id; 0 when none has the end.
  std::uint32_t restarts = 0;  ///< How often a new incarnation took the end over.
  exit_status status;          ///< How the last process that ended did so.
};

}  // namespace bulkhead

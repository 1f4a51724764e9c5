#pragma once

#include <functional>
#include <vector>

#include "common/roles.hpp"

namespace bench {

/// A process of a run, and the CPU it stands on.
struct player {
  int cpu;
  std::function<void()> play;
};

/// Forks a process for each, waits for all. Throws when one did not end well.
void fork_all(const std::vector<player>& cast);

/// Runs a job over `Channel<Message>`, a transport that this process sets up before it forks:
///   Channel(const job&, unsigned direction); sender(unsigned index); receiver(unsigned index).
/// Direction 1 carries the answers of round trips.
template <template <class> class Channel, std::size_t Bytes>
void run_channel(const job& what) {
  using letter = message<Bytes>;
  scoreboard board;
  std::vector<player> cast;
  if (what.mode == "one_way") {
    Channel<letter> there(what, 0);
    for (std::uint32_t c = 0; c < what.consumers; ++c) {
      cast.push_back(
          {what.consumer_cpu, [&, c] { consume<letter>(what, board, there.receiver(c)); }});
    }
    for (std::uint32_t p = 0; p < what.producers; ++p) {
      cast.push_back(
          {what.producer_cpu, [&, p] { produce<letter>(what, board, p, there.sender(p)); }});
    }
    fork_all(cast);
  } else if (what.mode == "round_trip") {
    Channel<letter> there(what, 0);
    Channel<letter> back(what, 1);
    cast.push_back({what.consumer_cpu,
                    [&] { answer<letter>(what, board, back.sender(0), there.receiver(0)); }});
    cast.push_back(
        {what.producer_cpu, [&] { ask<letter>(what, board, there.sender(0), back.receiver(0)); }});
    fork_all(cast);
  } else {
    throw unsupported("mode " + what.mode);
  }
  board.print();
}

/// The four sizes of the tables.
template <template <class> class Channel>
void run_channel_of_size(const job& what) {
  switch (what.bytes) {
    case 8:
      return run_channel<Channel, 8>(what);
    case 64:
      return run_channel<Channel, 64>(what);
    case 1024:
      return run_channel<Channel, 1024>(what);
    case 65536:
      return run_channel<Channel, 65536>(what);
    default:
      throw unsupported("messages of " + std::to_string(what.bytes) + " bytes");
  }
}

}  // namespace bench

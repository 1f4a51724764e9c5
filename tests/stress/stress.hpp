#pragma once

#include <cstdint>

namespace stress {

// One round each, with threads of its own. @returns how many messages or turns there were, all as
// they must be, or 0.

/// Two queues: senders, a stage that forwards from the first to the second, receivers; all sleep
/// when they have to.
std::uint64_t queue_round(std::uint64_t seed);
/// Both directions of a pipe at once.
std::uint64_t pipe_round(std::uint64_t seed);
/// Threads that come and go at a biased mutex.
std::uint64_t mutex_round(std::uint64_t seed);

}  // namespace stress

#pragma once

#include <bulkhead/bulkhead.hpp>
#include <cstdint>

// The children of the soak. All may be killed at any instant.
namespace soak {

struct item {
  std::uint64_t number = 0;
  std::uint64_t check = 0;  ///< A function of the number, so that a torn or foreign message shows.
  std::uint32_t attempt = 1;
};

item make_item(std::uint64_t number);
bool intact(const item& i);

/// Sends items 0, 1, 2, ... until it is asked to stop, then how many it sent. Goes on where its
/// predecessor stopped.
void source(bulkhead::queue<item> to, bulkhead::queue<std::uint64_t> total);
/// Passes items on by forward: exactly once.
void stage(bulkhead::queue<item> from, bulkhead::queue<item> to);
/// Passes items on by send, then acknowledge: at least once, with the attempt marked.
void careless_stage(bulkhead::queue<item> from, bulkhead::queue<item> to);

}  // namespace soak

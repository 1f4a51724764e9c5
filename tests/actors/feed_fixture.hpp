#pragma once

#include <bulkhead/actors/feed.hpp>
#include <bulkhead/runtime.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <memory>
#include <mutex>
#include <vector>

#include "actors/memory_input.hpp"
#include "actors/waiting.hpp"
#include "system_state.hpp"

namespace bulkhead_test {

using item_actor = caf::typed_actor<caf::reacts_to<item>>;

/// What handlers saw, in their order.
class record {
 public:
  void add(int number) {
    std::lock_guard lock(mutex_);
    numbers_.push_back(number);
  }
  std::vector<int> all() const {
    std::lock_guard lock(mutex_);
    return numbers_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<int> numbers_;
};

/// An actor system, whose runtime has nothing to do, and feeds into its actors from memory.
struct feed_fixture {
  feed_fixture() : system(rt, config(), {.shutdown = std::chrono::seconds(2)}) {}
  ~feed_fixture() { system.end(); }

  static std::unique_ptr<caf::actor_system_config> config() {
    auto made = std::make_unique<caf::actor_system_config>();
    bulkhead::actors::compat::prefer_sharing(*made);
    return made;
  }

  std::shared_ptr<memory_queue> make_queue(int count, bool closed = true) {
    auto queue = std::make_shared<memory_queue>(count);
    if (closed) queue->close();
    return queue;
  }

  template <class Handle>
  bulkhead::actors::feed feed(const std::shared_ptr<memory_queue>& from, const Handle& actor,
                              std::size_t credit = 64) {
    return bulkhead::actors::feed(system.add_feed(std::make_unique<memory_input>(from),
                                                  caf::actor_cast<caf::strong_actor_ptr>(actor),
                                                  credit));
  }

  /// An actor that calls a function for each item.
  template <class Handler>
  item_actor spawn(Handler handler) {
    return system.caf().spawn([handler](item_actor::pointer) -> item_actor::behavior_type {
      return {[handler](const item& i) { handler(i); }};
    });
  }

  bulkhead::runtime rt;
  bulkhead::actors::detail::system_state system;
  record seen;
  gate hold;
};

inline std::error_code error_of(const bulkhead::actors::feed& feed) {
  std::error_code ec;
  feed.join(ec);
  return ec;
}

}  // namespace bulkhead_test

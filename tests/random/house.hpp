#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "core/letters.hpp"
#include "random/queue_model.hpp"
#include "runtime/queue_core_memory.hpp"

namespace random_test {

namespace core = bulkhead::core;

/// A queue of the core in simulated memory with its dead letters, beside what it should be; and of
/// the keeper what buries.
class house final : public core::graveyard {
 public:
  house(const core::queue_shape& shape, const core::queue_shape& letters_shape, std::uint64_t id,
        std::uint64_t first_lap);

  /// A rejection that the keeper has heard of.
  void note(std::uint32_t lane, core::position at, std::string why) {
    notes_[{lane, at}] = std::move(why);
  }
  bool bury(const core::queue_view& queue, const core::poisoned& message) override;
  /// The keeper's writer of letters dies, and another takes over.
  void renew_writer();
  /// Takes one dead letter and looks whether it says what it must. @returns false: there is none.
  bool read_letter();
  /// What the memory says of itself is what the model says.
  void check(std::uint32_t seat);

  /// True when a lane of `there` messages, `credit` of which go, takes `count` more.
  [[nodiscard]] bool fits(std::uint64_t there, std::uint64_t count, std::uint64_t credit) const {
    return there + count <=
           std::min<std::uint64_t>(model.shape.capacity + credit, q.view().ring_slots() - 1);
  }

  queue_core::memory_queue q;
  queue_core::memory_queue letters;
  queue_model model;
  std::uint64_t letters_waiting = 0;

 private:
  void start_at(std::uint64_t lap);
  void check_letter(std::span<const std::byte> bytes);

  core::consumer reader_;
  std::unique_ptr<core::letter_writer> writer_;
  std::map<std::pair<std::uint32_t, core::position>, std::string> notes_;
  // Of letters that are under way: what they must say.
  struct expected {
    model_message message;
    std::string note;
  };
  std::map<std::pair<std::uint32_t, core::position>, expected> buried_;
};

}  // namespace random_test

#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "core/forward.hpp"
#include "queue_state.hpp"

namespace bulkhead::detail {

/// One attempt after the other to forward messages to several queues as one step.
class forward_step final : public attempt {
 public:
  static constexpr std::size_t targets_max = core::forward_outputs_max;

  /// Checks the inputs and outputs and joins their queues. @returns an error that no waiting mends:
  /// too_large: an output never has room for so many results; unsupported: too many of either.
  status prepare(std::span<const forward_from> inputs, std::span<const forward_to> outputs,
                 const time_limit& limit);

  /// @returns nothing when an output has no room: `blocked()` is its queue.
  attempt_result operator()(core::look how) override;
  [[nodiscard]] participation& blocked() const noexcept { return *outputs_[blocked_].there; }
  [[nodiscard]] queue_state& home() const noexcept { return *inputs_.front().queue; }
  /// Which of the outputs that were given the last attempt failed at, or forward_fault::nowhere.
  [[nodiscard]] std::size_t fault() const noexcept { return fault_; }

 private:
  struct input {
    queue_state* queue = nullptr;
    participation* me = nullptr;
    core::lease held;
  };
  struct output {
    queue_state* queue = nullptr;
    participation* there = nullptr;
    std::size_t given = 0;  // the first of those that were given
    std::array<const result_source*, targets_max> sources{};
    std::size_t source_count = 0;
    std::size_t results = 0;
    std::size_t credit = 0;                     // places in our own lane that the inputs free
    std::vector<os::control::carried> carried;  // the endpoints of the staged results
  };

  status add_output(const forward_to& to, std::size_t given, const time_limit& limit);
  attempt_result attempt_locked(core::look how);
  void inherit_credits();
  attempt_result stage_all();
  status carry_staged(bool come);
  [[nodiscard]] std::size_t bytes_in(const output& out) const noexcept;
  [[nodiscard]] bool is_hopeless(const output& out) const noexcept;
  status commit();

  std::array<input, core::forward_inputs_max> inputs_{};
  std::array<output, targets_max> outputs_{};  // in the order of their locks' addresses
  std::size_t input_count_ = 0;
  std::size_t output_count_ = 0;
  std::size_t blocked_ = 0;
  std::size_t fault_ = forward_fault::nowhere;
};

}  // namespace bulkhead::detail

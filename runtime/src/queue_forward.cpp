#include <bulkhead/detail/queue_core.hpp>

#include "forward_step.hpp"

namespace bulkhead::detail {
namespace {

/// Runs the step while the room that it waits for stays the same queue's; `full` says that it is
/// another's now.
class while_blocked_there final : public attempt {
 public:
  while_blocked_there(forward_step& step, const time_limit& limit)
      : step_(&step), limit_(&limit), there_(&step.blocked()) {}
  attempt_result operator()(core::look how) override {
    if (auto result = (*step_)(how)) {
      ended_ = true;
      return result;
    }
    if (step_->home().is_stopping(*limit_)) {
      ended_ = true;
      return errc::stop_requested;
    }
    if (&step_->blocked() != there_) return errc::full;
    return std::nullopt;
  }
  [[nodiscard]] bool ended() const noexcept { return ended_; }

 private:
  forward_step* step_;
  const time_limit* limit_;
  participation* there_;
  bool ended_ = false;
};

}  // namespace

namespace {

status wait_for_room(forward_step& step, const time_limit& limit, bool& may_pass) {
  if (auto result = step(core::look::thorough)) return *result;
  for (;;) {
    while_blocked_there turn(step, limit);
    const status result = step.blocked().senders.wait(turn, limit);
    if (turn.ended()) return result;
    if (result == errc::full && limit.may_wait()) continue;
    may_pass = result == errc::full;
    return result;
  }
}

}  // namespace

status queue_core::forward(std::span<const forward_from> inputs,
                           std::span<const forward_to> outputs, patience how_long,
                           forward_fault& fault) {
  const time_limit limit(how_long);
  forward_step step;
  status result = step.prepare(inputs, outputs, limit);
  if (result.failed()) {
    fault.may_pass = result == errc::full;  // all seats are taken, some by the dead
  } else {
    result = wait_for_room(step, limit, fault.may_pass);
  }
  fault.output = step.fault();
  return result;
}

}  // namespace bulkhead::detail

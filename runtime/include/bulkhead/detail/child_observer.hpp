#pragma once

#include <bulkhead/supervision_events.hpp>

namespace bulkhead::detail {

/// Told what becomes of one child of a supervisor, in order, before the supervisor's other
/// listeners are.
/// @threads the runtime's; does not wait.
class child_observer {
 public:
  virtual ~child_observer() = default;
  virtual void on_event(const supervision_event& event) noexcept = 0;
  /// No other incarnation will come: its specification is gone. The last thing it is told.
  virtual void on_gone(end_reason::kind_type why) noexcept = 0;
};

}  // namespace bulkhead::detail

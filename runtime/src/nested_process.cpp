// The process whose function builds a supervisor.
#include <bulkhead/async.hpp>
#include <bulkhead/this_process.hpp>
#include <stop_token>

#include "nested_child.hpp"
#include "supervisor_state.hpp"

namespace bulkhead::detail {

namespace {

/// Its children are stopped with it, also when their building throws.
struct supervisor_owner {
  explicit supervisor_owner(std::shared_ptr<supervisor_state> what) : owned(std::move(what)) {}
  supervisor_owner(const supervisor_owner&) = delete;
  supervisor_owner& operator=(const supervisor_owner&) = delete;
  ~supervisor_owner() {
    try {
      if (!owned->ended()) owned->shutdown();
    } catch (const std::exception&) {
      // The keeper is gone, and every child with it.
    }
  }
  const std::shared_ptr<supervisor_state> owned;
};

}  // namespace

void run_nested(const nested_start& how, const std::function<void(supervisor&)>& build) {
  supervisor_options options;
  options.strategy = how.strategy;
  options.intensity = how.is_unlimited ? unlimited : restart_limit{how.intensity};
  options.period = how.period;
  options.auto_shutdown = how.auto_shutdown;
  options.events_max = how.events_max;
  const auto state = std::make_shared<supervisor_state>(this_process::runtime(), options, how.path);
  const supervisor_owner owner(state);
  state->send_events([events = how.events](const supervision_event& event) {
    std::error_code ignored;  // the other end may be gone: then nobody listens
    static_cast<void>(events.try_send(event, ignored));
  });
  supervisor nested(state);
  const std::stop_callback stop(this_process::stop_token(), [&] { state->begin_shutdown(); });
  try {
    build(nested);
  } catch (...) {
    // Starts fail in a supervisor that is being stopped.
    if (!this_process::stop_requested()) throw;
  }
  this_process::ready();
  const end_reason reason = state->join();
  if (reason == end_reason::gave_up) {
    throw error(errc::gave_up, describe_giving_up(how.path, reason), reason.status);
  }
}

}  // namespace bulkhead::detail

// Supervisors that are children of a supervisor.
#include <unistd.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <bulkhead/async.hpp>
#include <stdexcept>

#include "nested_child.hpp"
#include "os/signals.hpp"
#include "supervisor_errors.hpp"
#include "supervisor_state.hpp"

namespace bulkhead::detail {
namespace {

// On a thread of its own. @returns what it threw, in words.
std::string run_build(const std::function<void(supervisor&)>& build,
                      const std::shared_ptr<supervisor_state>& state) {
  try {
    supervisor handed(state);
    build(handed);
    return {};
  } catch (const std::exception& failure) {
    return failure.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

}  // namespace

// --- in this process ---

void supervisor_state::nest(const child_spec& given, supervisor_options options,
                            std::function<void(supervisor&)> build) {
  child_spec spec = given;
  options.name = spec.name;
  check_nested(spec);
  check_process(spec);
  check(core::check_supervisor(options), spec.name);
  spec.ready = readiness::on_call;  // when `build` has returned
  child entry;
  entry.nested = std::make_shared<nested_child>(std::move(options), std::move(build));
  add(spec, child_kind::supervisor, std::move(entry));
}

void supervisor_state::start_nested(child& who, std::uint64_t incarnation) {
  nested_child& n = *who.nested;
  n.incarnation = incarnation;
  n.is_built = n.asked = n.killed = false;
  n.failure.clear();
  n.state = std::make_shared<supervisor_state>(*home_, n.options, path_ + "/" + n.options.name);
  const std::weak_ptr<supervisor_state> self = weak_from_this();
  n.state->send_events([self](const supervision_event& event) {
    if (const auto here = self.lock()) here->record(event);
  });
  const auto tell = [self, rt = rt_](auto what) {
    boost::asio::post(rt->loop(), [self, what] {
      if (const auto here = self.lock()) what(*here);
    });
  };
  n.state->at_end_ = [tell, id = who.id, incarnation] {
    tell([=](supervisor_state& here) { here.end_nested(id, incarnation); });
  };
  const os::all_signals_blocked block;
  n.builder = std::thread([tell, state = n.state, build = n.build, id = who.id, incarnation] {
    const std::string failure = run_build(build, state);
    tell([=](supervisor_state& here) { here.told_of_build(id, incarnation, failure); });
  });
  machine_.started(who.id, incarnation, ::getpid(), now());
}

void supervisor_state::stop_nested(nested_child& n, bool by_killing) {
  if (n.state == nullptr) return;
  (by_killing ? n.killed : n.asked) = true;
  if (by_killing) {
    n.state->machine_.abort(now());
  } else {
    n.state->machine_.shutdown(now());
  }
  n.state->run();
}

void supervisor_state::told_of_build(core::child_id id, std::uint64_t incarnation,
                                     const std::string& failure) {
  child* const who = find(id);
  if (who == nullptr || who->nested->incarnation != incarnation) return;
  nested_child& n = *who->nested;
  n.builder.join();  // its last act was to tell us
  n.is_built = true;
  n.failure = failure;
  if (failure.empty()) {
    machine_.ready(id, incarnation, now());
  } else {
    n.state->machine_.shutdown(now());
    n.state->run();
  }
  run();
  end_nested(id, incarnation);
}

// Nothing of it is left: neither a child nor the thread that builds it.
void supervisor_state::end_nested(core::child_id id, std::uint64_t incarnation) {
  child* const who = find(id);
  if (who == nullptr || who->nested->incarnation != incarnation) return;
  nested_child& n = *who->nested;
  if (n.state == nullptr || !n.state->ended() || !n.is_built) return;
  const exit_status status = status_of(n, n.state->join());
  n.state.reset();
  told_of_end(id, incarnation, status);
}

// --- in a process of its own ---

nested_start supervisor_state::begin_nested(const child_spec& spec, supervisor_options options) {
  options.name = spec.name;
  check(core::check_supervisor(options), spec.name);
  nested_start how;
  how.path = path_ + "/" + spec.name;
  how.strategy = options.strategy;
  how.is_unlimited = options.intensity.is_unlimited();
  if (!how.is_unlimited) how.intensity = options.intensity.count();
  how.period = options.period;
  how.auto_shutdown = options.auto_shutdown;
  how.events_max = options.events_max;
  // The one that sends drops its oldest and never waits.
  how.events = queue<supervision_event>(
      *home_,
      {.name = "events of " + how.path, .overflow = overflow::drop_oldest, .participants = 4});
  return how;
}

std::shared_ptr<process_state> supervisor_state::add_nested(const child_spec& given,
                                                            start_recipe recipe,
                                                            const nested_start& how) {
  check_process(given);
  child_spec spec = given;
  spec.ready = readiness::on_call;  // when its function has returned
  child entry;
  entry.recipe = std::move(recipe);
  entry.inlet = std::make_shared<event_inlet>();
  entry.inlet->from = how.events;
  return add(spec, child_kind::supervisor, std::move(entry));
}

// One event after the other, until the child is forgotten.
void supervisor_state::listen_to(const std::shared_ptr<event_inlet>& inlet) {
  auto heard = [self = weak_from_this(), inlet](const boost::system::error_code& failed,
                                                const supervision_event& event) {
    const auto here = self.lock();
    if (failed || here == nullptr) return;
    here->record(event);
    here->listen_to(inlet);
  };
  inlet->from.async_receive(boost::asio::bind_executor(
      rt_->loop().get_executor(),
      boost::asio::bind_cancellation_slot(inlet->stop.slot(), std::move(heard))));
}

}  // namespace bulkhead::detail

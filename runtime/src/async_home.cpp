#include <algorithm>
#include <boost/asio/system_executor.hpp>
#include <bulkhead/detail/async_forward.hpp>
#include <bulkhead/detail/async_queue_step.hpp>
#include <bulkhead/overflow.hpp>
#include <bulkhead/runtime.hpp>
#include <cerrno>
#include <new>

#include "async_waits.hpp"
#include "event_stream.hpp"
#include "pipe_state.hpp"
#include "process_context.hpp"
#include "process_record.hpp"
#include "process_state.hpp"
#include "queue_state.hpp"
#include "runtime_state.hpp"

namespace bulkhead::detail {
namespace {

using std::chrono::steady_clock;

// Seats become free as the lanes of the dead drain, which nobody announces; queue_state::join.
constexpr auto seat_patience = std::chrono::milliseconds(5);

}  // namespace

void async_home::ensure_running() const {
  if (rt != nullptr && rt->runs_itself()) rt->ensure_running();
}

// Nobody runs the loop of a runtime that is gone, or of a forked copy: system_executor then.
async_home home_of(const std::shared_ptr<runtime_state>& rt) {
  if (rt == nullptr || !rt->usable()) return {boost::asio::system_executor(), nullptr};
  return {rt->executor(), rt};
}

async_home home_of(const queue_core& queue) {
  return queue ? home_of(queue.state()->context().owner()) : home_of_nobody();
}

async_home home_of(const std::shared_ptr<pipe_state>& pipe) {
  return pipe != nullptr ? home_of(pipe->context().owner()) : home_of_nobody();
}

async_home home_of(const process_state& child) { return home_of(child.owner()); }

async_home home_of(const event_stream& events) { return home_of(events.owner()); }

async_home home_of_nobody() {
  runtime* const rt = process_record::child_runtime();
  return home_of(rt != nullptr ? rt->state() : nullptr);
}

// --- tickets ---

void async_ticket::cancel() const {
  if (const auto here = where.lock()) here->cancel(id);
}

async_ticket make_ticket(boost::asio::execution_context& where, std::error_code& ec) {
  try {
    const auto waits = async_waits::of(where);
    return {waits, waits->new_id()};
  } catch (...) {
    ec = error_of_exception();
  }
  return {};
}

void begin_waiting(const async_ticket& ticket, async_operation_ptr op,
                   std::vector<async_source> sources, bool together) {
  if (const auto waits = ticket.where.lock()) {
    waits->begin(ticket.id, std::move(op), std::move(sources), together);
  }
}

namespace {

// In a forked copy nobody waits, whatever the original's numbers say.
template <class State>
bool others_wait_in(const State& state, async_line line) {
  return state.context().usable() && state.async_waiting[static_cast<std::size_t>(line)] != 0;
}

}  // namespace

bool others_wait(const async_source& source) {
  if (const auto queue = source.queue.lock()) return others_wait_in(*queue, source.line);
  if (const auto pipe = source.pipe.lock()) return others_wait_in(*pipe, source.line);
  if (const auto events = source.events.lock()) {
    return events->usable() && events->async_waiting != 0;
  }
  return false;
}

// --- queues ---

std::error_code obstacle_to_send(const queue_core& queue) {
  if (!queue || !queue.state()->context().usable()) return errc::not_initialised;
  return {};
}

std::error_code obstacle_to_receive(const queue_core& queue) {
  if (const auto none = obstacle_to_send(queue)) return none;
  if (queue.state()->context().stop_requested()) return errc::stop_requested;
  return {};
}

std::error_code refusal_to_wait(const queue_core& queue) {
  const queue_state& state = *queue.state();
  const auto policy = static_cast<overflow>(state.view().shape().overflow);
  // Without a seat it is the seat that is waited for.
  if (state.joined() != nullptr && policy != overflow::block) return errc::full;
  if (state.context().stop_requested()) return errc::stop_requested;
  return {};
}

steady_clock::time_point look_again_at(const queue_core& queue) {
  if (queue.state()->joined() != nullptr) return steady_clock::time_point::max();
  return steady_clock::now() + seat_patience;
}

std::vector<async_source> sources_of_room(std::span<const queue_core> outputs) {
  std::vector<async_source> all;
  for (const queue_core& out : outputs) {
    async_source s;
    s.queue = out.state();
    s.line = async_line::sends;
    all.push_back(std::move(s));
  }
  return all;
}

steady_clock::time_point look_again_at_any(std::span<const queue_core> outputs) {
  auto at = steady_clock::time_point::max();
  for (const queue_core& out : outputs) at = std::min(at, look_again_at(out));
  return at;
}

std::vector<async_source> queue_join_step::sources() const {
  async_source s;
  s.queue = queue_.state();
  s.line = async_line::sends;
  s.joining = true;
  return {s};
}

bool queue_join_step::attempt(std::error_code& ec) {
  if (ec = obstacle_to_send(queue_); ec) return true;
  const status all = queue_.state()->join_or_announce();
  if (all != errc::full) {
    ec = all.code();
    return true;
  }
  ec = obstacle_to_receive(queue_);
  return static_cast<bool>(ec);
}

// --- errors ---

boost::system::error_code async_error(const std::error_code& code) noexcept {
  if (!code) return {};
  if (code.category() == std::system_category()) {
    return {code.value(), boost::system::system_category()};
  }
  if (code.category() == std::generic_category()) {
    return {code.value(), boost::system::generic_category()};
  }
  return code;
}

boost::system::error_code async_aborted() noexcept {
  return {ECANCELED, boost::system::system_category()};
}

std::error_code error_of_exception() noexcept {
  try {
    throw;
  } catch (const std::system_error& failure) {
    return failure.code();
  } catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
  } catch (...) {
    return std::make_error_code(std::errc::bad_message);
  }
}

}  // namespace bulkhead::detail

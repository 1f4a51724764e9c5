#include <bulkhead/detail/queue_core.hpp>
#include <bulkhead/runtime.hpp>
#include <limits>
#include <stdexcept>

#include "core/closing.hpp"
#include "core/parked_set.hpp"
#include "handle_text.hpp"
#include "leases.hpp"
#include "process_context.hpp"
#include "process_record.hpp"
#include "queue_state.hpp"
#include "runtime_state.hpp"
#include "stop_error.hpp"

namespace bulkhead::detail {
namespace {

core::queue_shape shape_of(const queue_options& options, std::size_t inline_bytes,
                           std::uint64_t fingerprint) {
  core::queue_shape shape;
  shape.capacity = options.capacity;
  shape.participants = options.participants;
  shape.inline_bytes = static_cast<std::uint32_t>(inline_bytes);
  shape.max_attempts = options.max_attempts;
  shape.max_deliveries = options.max_deliveries;
  shape.overflow = static_cast<std::uint32_t>(options.overflow);
  shape.lease_ms = static_cast<std::uint32_t>(options.lease.count());
  shape.total = options.total;
  shape.payload_bytes = options.payload_bytes;
  shape.fingerprint = fingerprint;
  return shape;
}

std::string label(const std::string& name, std::uint64_t id) {
  return name.empty() ? "queue " + std::to_string(os::control::count_of(id))
                      : "queue '" + name + "'";
}

}  // namespace

open_place::~open_place() {
  if (locked != nullptr) locked->unlock_lane();
}

queue_ports queue_core::shut;

queue_core::queue_core(std::shared_ptr<queue_state> state) noexcept
    : ports_(state ? &state->ports() : &shut), state_(std::move(state)) {}

queue_core::queue_core(runtime& rt, const queue_options& options, std::size_t inline_bytes,
                       std::uint64_t fingerprint) {
  const auto lease = options.lease.count();
  if (lease < 0 || lease > std::numeric_limits<std::uint32_t>::max()) {
    throw std::invalid_argument(
        "queue '" + options.name +
        "': lease is below 0 or above 49 days; 0 means until the taker ends");
  }
  const core::queue_shape shape = shape_of(options, inline_bytes, fingerprint);
  if (const char* bad = core::bad_shape(shape)) {
    throw std::invalid_argument("queue '" + options.name + "': " + bad);
  }
  *this = queue_core(
      rt.state()->context().make_queue({options.name, shape, options.close_after_senders}));
}

queue_core queue_core::find(endpoint_source* source, std::uint64_t id, std::uint64_t fingerprint) {
  process_context* context = source != nullptr ? source->context() : nullptr;
  if (context == nullptr) context = process_record::child_context().get();
  auto state = context != nullptr ? context->find(id) : nullptr;
  if (state == nullptr || state->view().shape().fingerprint != fingerprint) return {};
  return queue_core(std::move(state));
}

void queue_core::fail(status why, const char* doing) const {
  if (state_ == nullptr) throw error(why.code(), std::string(doing) + " " + names_no_queue);
  throw_error(why.code(), std::string(doing) + " " + label(name(), id()) +
                              process_context::take_refusal(id(), why.code()) +
                              why_it_fails(state_->context(), why.code()));
}

void queue_core::fail_forward(std::span<const forward_from> inputs,
                              std::span<const forward_to> outputs, status why,
                              const forward_fault& fault) {
  std::string what = "forwarding";
  if (!inputs.empty()) {
    const forward_from& from = inputs.front();
    const bool known = from.queue != nullptr;
    what += " from " + label(known ? from.queue->name() : "", from.message->queue);
  }
  std::size_t at = fault.output;
  if (at == forward_fault::nowhere && outputs.size() == 1) at = 0;
  if (at < outputs.size()) {
    const queue_core& out = *outputs[at].queue;
    what += " to " + (out ? label(out.name(), out.id()) +
                                process_context::take_refusal(out.id(), why.code()) +
                                why_it_fails(out.state()->context(), why.code())
                          : names_no_queue);
  }
  throw_error(why.code(), what);
}

// An empty handle belongs to no runtime.
status queue_core::reserve(std::size_t size, patience how_long, open_place& out,
                           std::size_t lead) const {
  if (!state_) return errc::not_initialised;
  return state_->reserve(size, how_long, out, lead);
}

status queue_core::lend_block(std::uint64_t bytes, patience how_long, payload_block& out,
                              std::byte*& at) const {
  if (!state_) return errc::not_initialised;
  return state_->lend_block(bytes, how_long, out, at);
}

void queue_core::give_back(const payload_block& block) const noexcept { state_->give_back(block); }

status queue_core::reserve_lent(const payload_block& block, std::size_t size, std::size_t lead,
                                patience how_long, open_place& out) const {
  return state_->reserve_lent(block, size, lead, how_long, out);
}

status queue_core::can_read_in_place() const {
  if (!state_) return errc::not_initialised;
  return state_->view().shape().lease_ms == 0 ? status() : status(errc::unsupported);
}

status queue_core::publish(open_place& place) const { return state_->publish(place); }

status queue_core::heed_sent() const { return state_->heed_sent(); }

bool queue_core::lend_places() const noexcept { return state_ && state_->lend_places(); }

bool queue_core::turn(queue_in_port& in) const noexcept {
  if (&in.state->context() != &state_->context()) return false;
  in.record->turn_to(ports_->out.lane);
  return true;
}

bool queue_core::heed_forwarded(queue_in_port& in, const taken& message, port_forward ended) const {
  if (ended == port_forward::sent) {
    // A queue that was found corrupt after the result came out says so to the next call.
    if (heed_sent() == errc::closed) {
      in.record->forget();
      in.leave_unchanged();
      return false;
    }
    if (!in.free(message)) {
      in.gate.leave();
      return true;
    }
  }
  held_message::heed_freed(in, message);
  return true;
}

std::uint64_t queue_core::sent() const {
  std::uint64_t count = 0;
  check(state_ ? state_->sent(count) : status(errc::not_initialised), "counting what was sent to");
  return count;
}

status queue_core::take(patience how_long, taken& out) const {
  if (!state_) return errc::not_initialised;
  return state_->take(how_long, out);
}

status queue_core::bytes_of(const taken& message, std::span<const std::byte>& out) const {
  return state_->bytes_of(message, out);
}

status queue_core::join(patience how_long) const {
  if (!state_) return errc::not_initialised;
  return state_->join_all(how_long);
}

status queue_core::report_corrupt() const { return state_->mark_corrupt(); }

status queue_core::usable() const noexcept {
  if (state_ == nullptr || !state_->context().in_original_process()) return errc::not_initialised;
  return {};
}

// Where its owner has ended it is gone, which is closed enough.
status queue_core::close() const {
  const status can = usable();
  if (!can.failed()) state_->close();
  return can;
}

namespace {

// Throws where the handle is empty or its queue is not to be had any more.
void check_usable(const queue_core& queue, const char* doing) {
  status trouble = errc::not_initialised;
  if (queue) {
    const process_context& context = queue.state()->context();
    trouble = context.usable() ? status() : status(context.why_unusable());
  }
  queue.check(trouble, doing);
}

const core::queue_view& view_of(const queue_core& queue) {
  check_usable(queue, "looking at");
  return queue.state()->view();
}

std::string label(const queue_core& queue) { return label(queue.name(), queue.id()); }

}  // namespace

bool queue_core::closed() const {
  return view_of(*this).header().signs.closed.load(std::memory_order_acquire) !=
         core::closed_state::open;
}

std::size_t queue_core::size() const {
  return core::count_messages(view_of(*this), core::seats_max).waiting;
}

std::vector<in_flight_message> queue_core::in_flight() const {
  static_cast<void>(view_of(*this));
  return saying("asking who holds messages of " + label(*this),
                [&] { return state_->in_flight(); });
}

overflow_counters queue_core::counters() const {
  const core::queue_view& view = view_of(*this);
  overflow_counters sum;
  const std::uint32_t lanes = view.seats_used();
  for (std::uint32_t l = 0; l < lanes; ++l) {
    const core::lane_header& lane = view.lane(l);
    sum.refused += lane.refused.load(std::memory_order_relaxed);
    sum.dropped_oldest += lane.dropped_oldest.load(std::memory_order_relaxed);
    sum.dropped_newest += lane.dropped_newest.load(std::memory_order_relaxed);
  }
  return sum;
}

std::uint32_t queue_core::capacity() const { return view_of(*this).shape().capacity; }

const std::string& queue_core::name() const {
  static const std::string none;
  return state_ ? state_->name() : none;
}

std::uint64_t queue_core::id() const { return state_ ? state_->id() : no_endpoint; }

queue_core queue_core::dead_letters(std::uint64_t fingerprint) const {
  constexpr const char* doing = "reading the dead letters of";
  check_usable(*this, doing);
  return saying(std::string(doing) + " " + label(*this), [&] {
    return queue_core(state_->context().dead_letters_of(state_->id(), fingerprint));
  });
}

namespace held_message {

// In a forked copy the port is empty.
constexpr status in_copy = errc::not_initialised;

status acknowledge_slowly(queue_in_port& port, const taken& message) noexcept {
  return port.state != nullptr ? port.state->acknowledge(message) : in_copy;
}

void heed_freed(queue_in_port& port, const taken& message) noexcept {
  port.state->heed_freed(message);
}

status release(queue_in_port& port, const taken& message) noexcept {
  return port.state != nullptr ? port.state->release(message) : in_copy;
}

status delay(queue_in_port& port, const taken& message, std::chrono::milliseconds time) {
  return port.state != nullptr ? port.state->delay(message, time) : in_copy;
}

status reject(queue_in_port& port, const taken& message, std::string_view why) {
  return port.state != nullptr ? port.state->reject(message, why) : in_copy;
}

status extend(queue_in_port& port, const taken& message, std::chrono::milliseconds time) {
  return port.state != nullptr ? port.state->extend(message, time) : in_copy;
}

bool is_held(const queue_in_port& port, const taken& message) noexcept {
  return port.state != nullptr && core::is_held(port.state->view(), lease_of(message));
}

void forget(queue_in_port& port) noexcept {
  if (port.state != nullptr) port.state->leases().remove();
}

message_id id(const taken& message) noexcept {
  return {message.queue, position_of(message), message.lane()};
}

std::uint32_t attempt(const taken& message) noexcept {
  return core::slot_word{message.word}.deliveries();
}

void fail(const queue_in_port& port, status why, const char* doing) {
  const bool known = port.state != nullptr;
  const bool is_copy = !known && why == in_copy;
  throw_error(why.code(), std::string(doing) + " " +
                              label(known ? port.state->name() : "", port.queue) +
                              (is_copy ? in_forked_copy : ""));
}

}  // namespace held_message

}  // namespace bulkhead::detail

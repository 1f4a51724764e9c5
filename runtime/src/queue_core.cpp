#include <bulkhead/detail/queue_core.hpp>
#include <bulkhead/runtime.hpp>
#include <stdexcept>

#include "core/closing.hpp"
#include "process_context.hpp"
#include "process_record.hpp"
#include "queue_state.hpp"
#include "runtime_state.hpp"

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
  shape.payload_bytes = options.payload_bytes;
  shape.fingerprint = fingerprint;
  return shape;
}

std::string label(const std::string& name, std::uint64_t id) {
  return name.empty() ? "queue " + std::to_string(id) : "queue '" + name + "'";
}

}  // namespace

open_place::~open_place() {
  if (locked != nullptr) locked->unlock_lane();
}

queue_core::queue_core(runtime& rt, const queue_options& options, std::size_t inline_bytes,
                       std::uint64_t fingerprint) {
  const core::queue_shape shape = shape_of(options, inline_bytes, fingerprint);
  if (const char* bad = core::bad_shape(shape)) {
    throw std::invalid_argument("queue '" + options.name + "': " + bad);
  }
  os::control::make_queue wanted;
  wanted.name = options.name;
  wanted.capacity = shape.capacity;
  wanted.participants = shape.participants;
  wanted.inline_bytes = shape.inline_bytes;
  wanted.max_attempts = shape.max_attempts;
  wanted.max_deliveries = shape.max_deliveries;
  wanted.payload_bytes = shape.payload_bytes;
  wanted.fingerprint = shape.fingerprint;
  state_ = rt.state()->context().make_queue(wanted);
}

queue_core queue_core::find(endpoint_source* source, std::uint64_t id, std::uint64_t fingerprint) {
  process_context* context = source != nullptr ? source->context() : nullptr;
  if (context == nullptr) context = process_record::child_context().get();
  auto state = context != nullptr ? context->find(id) : nullptr;
  if (state == nullptr || state->view().shape().fingerprint != fingerprint) return {};
  return queue_core(std::move(state));
}

void queue_core::check(std::error_code code, const char* doing) const {
  if (!code) return;
  throw error(code, state_ == nullptr ? std::string(doing) + " an empty queue handle"
                                      : std::string(doing) + " " + label(name(), id()));
}

// An empty handle belongs to no runtime.
std::error_code queue_core::reserve(std::size_t size, patience how_long, open_place& out) const {
  if (!state_) return errc::not_initialised;
  // At once: the lane may be full, and waiting would not help.
  const core::queue_view& view = state_->view();
  if (size > view.shape().inline_bytes && size > view.layout().payload_bytes) {
    return errc::too_large;
  }
  return state_->reserve(size, how_long, out);
}

std::error_code queue_core::publish(open_place& place) const { return state_->publish(place); }

std::uint64_t queue_core::sent() const {
  std::uint64_t count = 0;
  check(state_ ? state_->sent(count) : make_error_code(errc::not_initialised),
        "counting what was sent to");
  return count;
}

std::error_code queue_core::take(patience how_long, taken& out) const {
  if (!state_) return errc::not_initialised;
  return state_->take(how_long, out);
}

std::optional<std::span<const std::byte>> queue_core::payload(const taken& message) const {
  return state_->payload(message);
}

void queue_core::acknowledge(const taken& message) const { state_->acknowledge(message); }

void queue_core::release(const taken& message) const { state_->release(message); }

std::error_code queue_core::forward(const taken& message, const queue_core& out,
                                    const result_source& results, patience how_long) const {
  if (!out.state_) return errc::not_initialised;
  return state_->forward(message, *out.state_, results, how_long);
}

message_id queue_core::id_of(const taken& message) const {
  return {id(), message.position, message.lane};
}

std::uint32_t queue_core::attempt_of(const taken& message) {
  return core::slot_word{message.word}.deliveries();
}

std::error_code queue_core::report_corrupt() const { return state_->mark_corrupt(); }

void queue_core::close() const {
  check(state_ ? std::error_code() : make_error_code(errc::not_initialised), "closing");
  state_->close();
}

namespace {

const core::queue_view& view_of(const queue_core& queue) {
  queue.check(queue ? std::error_code() : make_error_code(errc::not_initialised), "looking at");
  queue.state()->context().check_usable();
  return queue.state()->view();
}

}  // namespace

bool queue_core::closed() const {
  return view_of(*this).header().closed.load(std::memory_order_acquire) != core::closed_state::open;
}

std::size_t queue_core::size() const {
  return core::count_messages(view_of(*this), core::seats_max).waiting;
}

std::size_t queue_core::in_flight() const {
  return core::count_messages(view_of(*this), core::seats_max).held;
}

std::uint32_t queue_core::capacity() const { return view_of(*this).shape().capacity; }

const std::string& queue_core::name() const {
  static const std::string none;
  return state_ ? state_->name() : none;
}

std::uint64_t queue_core::id() const { return state_ ? state_->id() : no_endpoint; }

queue_core queue_core::dead_letters(std::uint64_t fingerprint) const {
  check(state_ ? std::error_code() : make_error_code(errc::not_initialised),
        "reading the dead letters of");
  return queue_core(state_->context().dead_letters_of(state_->id(), fingerprint));
}

}  // namespace bulkhead::detail

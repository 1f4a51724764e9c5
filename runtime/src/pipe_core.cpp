#include <bulkhead/detail/pipe_core.hpp>
#include <bulkhead/runtime.hpp>
#include <stdexcept>

#include "handle_text.hpp"
#include "pipe_state.hpp"
#include "process_context.hpp"
#include "process_record.hpp"
#include "runtime_state.hpp"
#include "stop_error.hpp"

namespace bulkhead::detail {
namespace {

core::pipe_direction shape_of(const pipe_traffic& traffic, const pipe_options& options) {
  return core::shape_direction(traffic.fingerprint, static_cast<std::uint32_t>(traffic.slot_bytes),
                               options.capacity, options.ring_bytes);
}

os::control::pipe_direction wire_of(const core::pipe_direction& d) {
  return {d.fingerprint, d.ring_bytes, d.capacity, d.slot_bytes};
}

bool carries(const core::pipe_direction& d, const pipe_traffic& traffic) {
  return d.fingerprint == traffic.fingerprint && d.slot_bytes == traffic.slot_bytes;
}

std::string label(const pipe_core& pipe) {
  return pipe.name().empty() ? "pipe " + std::to_string(os::control::count_of(pipe.id() >> 1))
                             : "pipe '" + pipe.name() + "'";
}

std::error_code none() { return make_error_code(errc::not_initialised); }

}  // namespace

pipe_place::~pipe_place() {
  if (locked != nullptr) locked->unlock_sender(gated);
}

pipe_message::~pipe_message() {
  if (locked != nullptr) locked->unlock_receiver(gated);
}

pipe_core::pipe_core(std::shared_ptr<pipe_state> state) noexcept
    : ports_(state ? &state->ports() : &shut), state_(std::move(state)) {}

std::pair<pipe_core, pipe_core> pipe_core::make(runtime& rt, const pipe_options& options,
                                                const pipe_traffic& from_first,
                                                const pipe_traffic& from_second) {
  const char* bad = nullptr;
  if (options.capacity == 0) bad = "capacity is 0; a pipe holds at least 1 message";
  if (options.capacity > core::pipe_capacity_max) bad = "capacity is above 8388608";
  if (options.ring_bytes < core::pipe_ring_bytes_min) bad = "ring_bytes is below 4096";
  if (options.ring_bytes > core::pipe_ring_bytes_max) bad = "ring_bytes is above 4 GiB";
  if (bad != nullptr) throw std::invalid_argument("pipe '" + options.name + "': " + bad);
  os::control::make_pipe wanted;
  wanted.name = options.name;
  wanted.from_first = wire_of(shape_of(from_first, options));
  wanted.from_second = wire_of(shape_of(from_second, options));
  auto ends = rt.state()->context().make_pipe(wanted);
  return {pipe_core(std::move(ends.first)), pipe_core(std::move(ends.second))};
}

bool pipe_core::is_here() const noexcept { return !state_->has_departed(); }

pipe_core pipe_core::find(endpoint_source* source, std::uint64_t id, const pipe_traffic& out,
                          const pipe_traffic& in) {
  process_context* context = source != nullptr ? source->context() : nullptr;
  if (context == nullptr) context = process_record::child_context().get();
  auto state = context != nullptr ? context->find_end(id) : nullptr;
  if (state == nullptr) return {};
  const core::pipe_shape& shape = state->view().shape();
  if (!carries(shape.directions[state->end()], out)) return {};
  if (!carries(shape.directions[1 - state->end()], in)) return {};
  return pipe_core(std::move(state));
}

void pipe_core::check(std::error_code code, const char* doing) const {
  if (!code) return;
  if (state_ == nullptr) throw error(code, std::string(doing) + " " + names_no_pipe);
  const std::string what = std::string(doing) + " " + label(*this) +
                           process_context::take_refusal(id(), code) +
                           why_it_fails(state_->context(), code) +
                           (is_here() ? "" : ": this end was sent away in a message");
  if (code != errc::peer_crashed) throw_error(code, what);
  const pipe_peer other = peer();
  throw error(code,
              what + ", whose other side '" + other.name + "' ended: " + other.status.report(),
              other.status);
}

// An empty end belongs to no runtime.
std::error_code pipe_core::reserve(std::size_t size, patience how_long, pipe_place& out) const {
  return state_ ? state_->reserve(size, how_long, out).code() : none();
}

std::error_code pipe_core::publish(pipe_place& place) const {
  return state_->publish(place).code();
}

std::size_t pipe_core::whole_bytes_max() const { return state_ ? state_->whole_bytes_max() : 0; }

std::error_code pipe_core::send_pieces(std::span<const std::byte> head,
                                       std::span<const std::byte> body, patience how_long) const {
  return state_ ? state_->send_pieces(head, body, how_long).code() : none();
}

std::error_code pipe_core::send_naming(std::span<const std::byte> bytes,
                                       const std::vector<std::uint64_t>& names,
                                       patience how_long) const {
  return state_ ? state_->send_naming(bytes, names, how_long).code() : none();
}

std::error_code pipe_core::after_send() const { return state_->after_send().code(); }

std::error_code pipe_core::lend_place(std::size_t size, patience how_long, std::byte*& out) const {
  return state_ ? state_->lend_place(size, how_long, out).code() : none();
}

std::error_code pipe_core::return_place(bool send) const {
  return state_->return_place(send).code();
}

void pipe_core::wake_own_senders() const { state_->wake_own_senders(); }

void pipe_core::wake_own_receivers() const { state_->wake_own_receivers(); }

std::error_code pipe_core::take(patience how_long, pipe_message& out, bool tell_restart) const {
  return state_ ? state_->take(how_long, out, tell_restart).code() : none();
}

void pipe_core::finish(pipe_message& message) const { state_->finish(message); }

std::error_code pipe_core::poll(patience how_long) const {
  return state_ ? state_->poll(how_long).code() : none();
}

void pipe_core::after_receive() const { state_->after_receive(); }

std::error_code pipe_core::lend_message(patience how_long, std::span<const std::byte>& out) const {
  return state_ ? state_->lend_message(how_long, out).code() : none();
}

void pipe_core::return_message() const { state_->return_message(); }

std::error_code pipe_core::report_corrupt() const { return state_->mark_corrupt().code(); }

std::error_code pipe_core::usable() const {
  return *this && state_->context().in_original_process() ? std::error_code() : none();
}

std::error_code pipe_core::close() const {
  const std::error_code cannot = usable();
  if (!cannot) state_->close();
  return cannot;
}

bool pipe_core::closed() const { return !state_ || state_->is_closed(); }

pipe_peer pipe_core::peer() const {
  constexpr const char* doing = "asking for the peer of";
  check(state_ ? std::error_code() : none(), doing);
  process_context& context = state_->context();
  if (!context.usable()) check(context.why_unusable(), doing);
  const auto reply = saying(std::string(doing) + " " + label(*this),
                            [&] { return context.peer_of(state_->id()); });
  pipe_peer out;
  out.what = static_cast<pipe_peer::state>(reply.state - 1);
  out.name = reply.name;
  out.id = reply.pid;
  out.restarts = reply.restarts;
  out.status = reply.status;
  return out;
}

// Only the keeper writes it, before the incarnation runs.
std::uint32_t pipe_core::restarts() const noexcept {
  if (state_ == nullptr) return 0;
  return state_->view().record(state_->end()).restarts.load(std::memory_order_relaxed);
}

const std::string& pipe_core::name() const {
  static const std::string none;
  return state_ ? state_->name() : none;
}

std::uint64_t pipe_core::id() const { return state_ ? state_->id() : no_endpoint; }

}  // namespace bulkhead::detail

#include "forward_step.hpp"

#include <algorithm>
#include <functional>

#include "leases.hpp"
#include "outcomes.hpp"

namespace bulkhead::detail {
namespace {

/// Stages results in a lane, until one finds no room.
class staging_sink final : public result_sink {
 public:
  /// Puts the endpoints of each staged result into `carried`.
  staging_sink(core::producer& lane, std::size_t credit, std::size_t inline_bytes,
               std::vector<os::control::carried>& carried)
      : lane_(&lane), credit_(credit), inline_bytes_(inline_bytes), carried_(&carried) {}
  std::byte* next(std::size_t size) override {
    core::place place;
    if (size > inline_bytes_) bytes_ += payload_block(0, size).bytes();
    outcome_ = lane_->stage(size, credit_, place);
    if (outcome_ != core::outcome::done) return nullptr;
    at_ = place.position;
    return place.bytes;
  }
  void carries(std::vector<std::uint64_t> endpoints) override {
    carried_->push_back({at_, std::move(endpoints)});
  }
  [[nodiscard]] core::outcome outcome() const { return outcome_; }
  /// What the blocks of the results take, up to the one that found no room.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  core::producer* lane_;
  std::size_t credit_;
  std::size_t inline_bytes_;
  std::size_t bytes_ = 0;
  std::vector<os::control::carried>* carried_;
  core::position at_ = 0;
  core::outcome outcome_ = core::outcome::done;
};

}  // namespace

status forward_step::prepare(std::span<const forward_from> inputs,
                             std::span<const forward_to> outputs, const time_limit& limit) {
  if (inputs.empty() || inputs.size() > inputs_.size()) return errc::unsupported;
  for (std::size_t n = 0; n < outputs.size(); ++n) {
    // Before anything that may have to be waited for.
    fault_ = n;
    if (!*outputs[n].queue) return errc::not_initialised;
  }
  fault_ = forward_fault::nowhere;
  for (const forward_from& from : inputs) {
    if (from.queue == nullptr) return errc::not_initialised;  // in a forked copy
    input& in = inputs_[input_count_++];
    in.queue = from.queue;
    in.held = lease_of(*from.message);
    if (const status s = in.queue->join(limit, in.me); s.failed()) return s;
    // One keeper must see both halves of the step.
    if (&in.queue->context() != &inputs_.front().queue->context()) return errc::unsupported;
  }
  for (std::size_t n = 0; n < outputs.size(); ++n) {
    fault_ = n;
    if (const status s = add_output(outputs[n], n, limit); s.failed()) return s;
  }
  std::sort(outputs_.begin(), outputs_.begin() + static_cast<std::ptrdiff_t>(output_count_),
            [](const output& a, const output& b) { return std::less<>()(a.there, b.there); });
  for (std::size_t n = 0; n < output_count_; ++n) {
    output& out = outputs_[n];
    fault_ = out.given;
    const core::queue_shape& shape = out.queue->view().shape();
    if (out.results > shape.capacity) return errc::too_large;
    if (shape.total != 0 && out.results > shape.total) return errc::too_large;
    for (std::size_t i = 0; i < input_count_; ++i) {
      const input& in = inputs_[i];
      if (in.queue == out.queue && in.held.lane == out.there->consumer.seat()) ++out.credit;
    }
  }
  fault_ = forward_fault::nowhere;
  return {};
}

// Several targets that are one queue share its lane, and so one output.
status forward_step::add_output(const forward_to& to, std::size_t given, const time_limit& limit) {
  queue_state* const queue = to.queue->state().get();
  if (&queue->context() != &inputs_.front().queue->context()) return errc::unsupported;
  std::size_t n = 0;
  while (n < output_count_ && outputs_[n].queue != queue) ++n;
  if (n == outputs_.size()) return errc::unsupported;
  output& out = outputs_[n];
  if (n == output_count_) {
    out.queue = queue;
    out.given = given;
    if (const status s = queue->join(limit, out.there); s.failed()) return s;
    ++output_count_;
  }
  if (out.source_count == out.sources.size()) return errc::unsupported;
  out.sources[out.source_count++] = to.results;
  out.results += to.results->count();
  return {};
}

attempt_result forward_step::operator()(core::look how) {
  std::size_t locked = 0;
  for (; locked < output_count_; ++locked) outputs_[locked].there->lock_lane();
  struct unlock {
    forward_step* step;
    ~unlock() {
      for (std::size_t n = step->output_count_; n-- > 0;) {
        // What is still staged is not going to be sent: there was no room, or encoding it threw.
        step->outputs_[n].there->producer.drop_staged();
        step->outputs_[n].there->unlock_lane();
      }
    }
  } const at_end{this};
  inherit_credits();
  return attempt_locked(how);
}

attempt_result forward_step::attempt_locked(core::look how) {
  for (std::size_t n = 0; n < output_count_; ++n) {
    output& out = outputs_[n];
    fault_ = out.given;
    if (const status s = out.queue->check_alive(); s.failed()) return s;
    if (!out.queue->is_open()) return errc::closed;
    if (out.there->producer.has_room(out.results, out.credit, how)) continue;
    blocked_ = n;
    out.there->note_blocked();
    if (how == core::look::thorough && is_hopeless(out)) return errc::full;
    return std::nullopt;
  }
  if (auto ended = stage_all(); !ended || ended->failed()) return ended;
  return commit();
}

// What the inputs free counts as free in the queue that they came from.
void forward_step::inherit_credits() {
  for (std::size_t n = 0; n < output_count_; ++n) {
    for (std::size_t i = 0; i < input_count_; ++i) {
      const input& in = inputs_[i];
      if (in.queue == outputs_[n].queue) {
        outputs_[n].there->producer.inherit(in.held.lane, in.held.position);
      }
    }
  }
}

attempt_result forward_step::stage_all() {
  for (std::size_t n = 0; n < output_count_; ++n) {
    output& out = outputs_[n];
    fault_ = out.given;
    out.there->note_unblocked();
    out.carried.clear();
    const core::queue_view& view = out.queue->view();
    staging_sink sink(out.there->producer, out.credit, view.shape().inline_bytes, out.carried);
    for (std::size_t s = 0; s < out.source_count; ++s) {
      out.sources[s]->write(sink);
      if (sink.outcome() == core::outcome::done) continue;
      blocked_ = n;
      if (sink.bytes() > view.layout().payload_bytes) return errc::too_large;
      // The inputs' blocks are free once this has succeeded.
      if (sink.bytes() + bytes_in(out) > view.layout().payload_bytes) return errc::full;
      return ended_unless_full(sink.outcome());
    }
  }
  fault_ = forward_fault::nowhere;
  const status carried = carry_staged(true);
  // The first outputs' may have been announced.
  if (carried.failed()) static_cast<void>(carry_staged(false));
  return carried;
}

// What the blocks of the inputs take that lie in the lane where the results are to go.
std::size_t forward_step::bytes_in(const output& out) const noexcept {
  std::size_t bytes = 0;
  for (std::size_t n = 0; n < input_count_; ++n) {
    const input& in = inputs_[n];
    if (in.queue != out.queue || in.held.lane != out.there->consumer.seat()) continue;
    const core::queue_view& view = in.queue->view();
    const std::size_t size = core::slot_of(view, in.held).meta >> 32;
    if (size > view.shape().inline_bytes) bytes += payload_block(0, size).bytes();
  }
  return bytes;
}

// Announces the endpoints in the staged results, or says that they do not come.
status forward_step::carry_staged(bool come) {
  for (std::size_t n = 0; n < output_count_; ++n) {
    const output& out = outputs_[n];
    if (out.carried.empty()) continue;
    os::control::carry wanted;
    wanted.queue = out.queue->id();
    for (const os::control::carried& message : out.carried) {
      if (message.queues.size() > endpoints_max) return errc::too_large;
      wanted.messages.push_back(message);
    }
    process_context& context = out.queue->context();
    if (come) fault_ = out.given;
    if (!come) {
      for (const os::control::carried& message : out.carried) {
        context.take_back({wanted.queue, {{message.position, {}}}}, message.queues);
      }
    } else if (const auto ec = context.carry(wanted)) {
      return status::of(ec);
    }
  }
  return {};
}

// Into our own input queue, with our own lane full and nobody else to take from it: we would wait
// for ourselves.
bool forward_step::is_hopeless(const output& out) const noexcept {
  const bool own_input =
      std::any_of(inputs_.begin(), inputs_.begin() + static_cast<std::ptrdiff_t>(input_count_),
                  [&](const input& in) { return in.queue == out.queue; });
  if (!own_input) return false;
  const std::uint32_t seat = out.there->consumer.seat();
  const core::queue_header& header = out.queue->view().header();
  for (std::uint32_t word = 0; word < core::seats_max / 64; ++word) {
    std::uint64_t others = header.takers[word].load(std::memory_order_relaxed);
    if (word == seat / 64) others &= ~(std::uint64_t{1} << (seat % 64));
    if (others != 0) return false;
  }
  return true;
}

status forward_step::commit() {
  std::array<core::forward_input, core::forward_inputs_max> inputs{};
  std::array<core::forward_output, core::forward_outputs_max> outputs{};
  for (std::size_t n = 0; n < input_count_; ++n) {
    inputs[n] = {&inputs_[n].queue->view(), inputs_[n].held};
  }
  for (std::size_t n = 0; n < output_count_; ++n) {
    outputs[n] = {&outputs_[n].there->producer, outputs_[n].results};
  }
  const std::span in(inputs.data(), input_count_);
  const std::span out(outputs.data(), output_count_);
  participation& me = *inputs_.front().me;
  const std::uint32_t record = me.claim_record();
  const core::outcome outcome = core::forward(
      in, out, home().view().seat(me.consumer.seat()).records[record], std::uint64_t{1} << record);
  me.free_record(record);
  fault_ = forward_fault::nowhere;
  if (outcome == core::outcome::done) {
    for (std::size_t n = 0; n < output_count_; ++n) outputs_[n].there->lend_places();
    core::wake_after_forward(in, out);
  } else {
    // Whether the keeper hears of it or not: the queue is closed, and its end is the record's.
    static_cast<void>(carry_staged(false));
    for (std::size_t n = output_count_; n-- > 0;) {
      if (outcome == core::outcome::closed && !outputs_[n].queue->is_open()) {
        fault_ = outputs_[n].given;
      }
    }
  }
  return status_of(outcome);
}

}  // namespace bulkhead::detail

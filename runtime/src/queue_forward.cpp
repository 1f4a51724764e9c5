#include "core/forward.hpp"
#include "leases.hpp"
#include "outcomes.hpp"
#include "queue_state.hpp"

namespace bulkhead::detail {
namespace {

/// Stages results in a lane, until one finds no room.
class staging_sink final : public result_sink {
 public:
  staging_sink(core::producer& lane, std::size_t credit) : lane_(&lane), credit_(credit) {}
  std::byte* next(std::size_t size) override {
    core::place place;
    outcome_ = lane_->stage(size, credit_, place);
    if (outcome_ != core::outcome::done) return nullptr;
    ++staged_;
    return place.bytes;
  }
  [[nodiscard]] core::outcome outcome() const { return outcome_; }
  [[nodiscard]] std::size_t staged() const { return staged_; }

 private:
  core::producer* lane_;
  std::size_t credit_;
  std::size_t staged_ = 0;
  core::outcome outcome_ = core::outcome::done;
};

}  // namespace

attempt_result queue_state::try_forward(participation& me, const core::lease& held,
                                        queue_state& out, const result_source& results) {
  participation& there = *out.joined();
  const std::lock_guard lock(there.lane_mutex);
  if (const status s = out.check_alive(); s.failed()) return s;
  if (!out.is_open()) return errc::closed;
  // Into its own lane the place that the input frees counts as free.
  const std::size_t credit = &out == this && held.lane == me.consumer.seat() ? 1 : 0;
  if (!there.producer.has_room(results.count(), credit)) return std::nullopt;
  staging_sink sink(there.producer, credit);
  results.write(sink);
  if (sink.outcome() != core::outcome::done) {
    there.producer.drop_staged();
    return ended_unless_full(sink.outcome());
  }
  const std::uint32_t record = me.claim_record();
  const core::forward_input input{&view(), held};
  const core::forward_output output{&there.producer, sink.staged()};
  const core::outcome outcome =
      core::forward({&input, 1}, {&output, 1}, view().seat(me.consumer.seat()).records[record],
                    std::uint64_t{1} << record);
  me.free_record(record);
  if (outcome == core::outcome::done) core::wake_after_forward({&input, 1}, {&output, 1});
  return status_of(outcome);
}

status queue_state::forward(const taken& message, queue_state& out, const result_source& results,
                            patience how_long) {
  const time_limit limit(how_long);
  participation* me = nullptr;
  participation* there = nullptr;
  if (const status s = join(limit, me); s.failed()) return s;
  if (const status s = out.join(limit, there); s.failed()) return s;
  if (results.count() > out.view().shape().capacity) return errc::too_large;
  const core::lease held = lease_of(message);
  attempt_of step([&]() -> attempt_result {
    if (auto result = try_forward(*me, held, out, results)) return result;
    if (limit.may_wait() && context_->stop_requested()) return errc::stop_requested;
    return std::nullopt;
  });
  return there->senders.wait(step, limit);
}

}  // namespace bulkhead::detail

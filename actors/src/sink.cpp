#include <bulkhead/actors/sink.hpp>

#include <bulkhead/actors/broker.hpp>
#include <bulkhead/errc.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "remote_proxy.hpp"
#include "sink_state.hpp"
#include "stand_in.hpp"
#include "system_state.hpp"

namespace bulkhead::actors::detail {

namespace {

class sink_proxy final : public stand_in {
 public:
  sink_proxy(caf::actor_config& config, std::shared_ptr<sink_output> output,
             std::shared_ptr<sink_state> state)
      : stand_in(config), output_(std::move(output)), state_(std::move(state)) {}
  ~sink_proxy() override { state_->leave(); }

  [[nodiscard]] const sink_state& state() const noexcept { return *state_; }
  [[nodiscard]] const sink_output& output() const noexcept { return *output_; }

 private:
  caf::error pass_on(caf::mailbox_element_ptr& message, compat::unit* host) override {
    return state_->take(*output_, message, host);
  }

  std::shared_ptr<sink_output> output_;
  std::shared_ptr<sink_state> state_;
};

const sink_proxy& sink_of(const caf::strong_actor_ptr& actor) {
  const auto* const sink = actor ? dynamic_cast<sink_proxy*>(actor->get()) : nullptr;
  if (sink == nullptr) {
    throw bulkhead::error(errc::unsupported,
                          "asking what was dropped by an actor that is no sink, nor elsewhere");
  }
  return *sink;
}

}  // namespace

caf::strong_actor_ptr start_sink(system& sys, const char* kind, std::unique_ptr<sink_output> output,
                                 const sink_options& options) {
  if (!output) throw std::invalid_argument(std::string(kind) + ": it is given nothing to put to");
  if (options.waiting == 0) {
    throw std::invalid_argument(std::string(kind) + ": waiting is 0, so nothing could ever wait");
  }
  return start_sink(sys.state(), std::move(output), options.waiting);
}

caf::strong_actor_ptr start_sink(system_state& in, std::unique_ptr<sink_output> output,
                                 std::size_t waiting_most) {
  const std::shared_ptr<sink_output> shared = std::move(output);
  const auto state =
      in.add_thread([&](pump_unit&) { return std::make_shared<sink_state>(shared, waiting_most); });
  auto proxy = compat::make_proxy<sink_proxy>(in.caf(), shared, state);
  state->start(proxy);
  return proxy;
}

std::uint64_t dropped_by(const caf::strong_actor_ptr& actor) {
  if (const remote_peer* const peer = peer_of(actor)) return peer->dropped();
  return sink_of(actor).state().dropped();
}

overflow_counters counters_of(const caf::strong_actor_ptr& actor) {
  return sink_of(actor).output().counters();
}

}  // namespace bulkhead::actors::detail

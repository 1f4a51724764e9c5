#pragma once

#include <bulkhead/actors/detail/actor_lane.hpp>
#include <bulkhead/actors/detail/host_actor.hpp>
#include <bulkhead/actors/spawn_process.hpp>
#include <bulkhead/call_lane.hpp>
#include <bulkhead/runtime.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "lane_reader.hpp"
#include "remote_proxy.hpp"
#include "support/catch.hpp"
#include "system_state.hpp"

namespace bulkhead_test {

/// The end of a lane that asks, without a thread: it takes answers in when it is told to.
class stepped_peer : public bulkhead::actors::detail::remote_peer {
 public:
  using remote_peer::remote_peer;

  std::optional<caf::error> step() {
    call();  // so it does not wait
    CHECK_FALSE(pump_once());
    return std::nullopt;
  }

 private:
  caf::error live() override { return {}; }
  void part(const caf::error&) override {}
  caf::error refusal() override { return {}; }
};

/// An actor behind a lane and those who talk to it, all on the test's thread: CAF's scheduler for
/// tests runs the local ones, the pump's unit the other, each when it is told to, and time passes
/// when the test says so. Nothing waits, and nothing happens by itself.
template <class Handle, class Peer = stepped_peer>
class stepped {
 public:
  /// @limits in_flight: messages that the lane has room for. how: the last that a Peer is made of.
  template <class Behavior, class How = bulkhead::detail::request_terms>
  explicit stepped(Behavior behavior, std::uint32_t in_flight = 1024, const How& how = {}) {
    namespace detail = bulkhead::actors::detail;
    const auto& codec =
        detail::codec_of<typename detail::actor_interface<Handle>::signatures>::instance();
    auto ends = bulkhead::make_calls<detail::actor_bytes, detail::actor_bytes>(
        rt, {.max_in_flight = in_flight});
    server_ = std::move(ends.second);
    unit_.adopt();
    peer_ = std::make_shared<Peer>(std::move(ends.first), codec, unit_, sys.state(), how);
    there = caf::actor_cast<Handle>(
        bulkhead::actors::compat::make_proxy<detail::remote_proxy>(sys.caf(), peer_));
    reader_ = std::make_unique<detail::lane_reader>(server_.end(), codec, detail::hosting::owned,
                                                    sys.state(), unit_);
    reader_->attach(
        bulkhead::actors::compat::launch_on(sys.caf(), unit_, std::move(behavior), std::tuple<>()));
  }
  stepped(const stepped&) = delete;
  stepped& operator=(const stepped&) = delete;
  ~stepped() {
    bulkhead::actors::compat::send_exit(reader_->actor(), caf::exit_reason::user_shutdown);
    resume();
    run();
    there = nullptr;
    reader_->drop_actor();
  }

  /// The actor's process takes nothing out of its lane, and then it does again.
  void stop() noexcept { stopped_ = true; }
  void resume() noexcept { stopped_ = false; }
  /// Has all done that can be done now.
  void run() {
    for (bool moved = true; moved;) {
      moved = false;
      CHECK_FALSE(peer_->step());
      while (scheduler().try_run_once()) moved = true;
      if (!stopped_ && reader_->step()) moved = true;
      while (!unit_.is_idle()) {
        unit_.run();
        moved = true;
      }
    }
  }
  /// Lets time pass, and has all done that can be done then.
  void pass(caf::timespan time) {
    scheduler().advance_time(time);
    run();
  }
  /// Spawns an actor of this side, and runs it.
  template <class Body>
  void local(Body body) {
    sys.caf().spawn(std::move(body));
    run();
  }
  /// Requests under way, or kept until there is room for them.
  [[nodiscard]] std::size_t pending() const { return peer_->pending(); }
  [[nodiscard]] Peer& peer() const noexcept { return *peer_; }

  bulkhead::runtime rt;
  bulkhead::actors::system sys{rt, [](caf::actor_system_config& config) {
                                 config.set("scheduler.policy", caf::atom("testing"));
                               }};
  Handle there;

 private:
  caf::scheduler::test_coordinator& scheduler() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(sys.caf().scheduler());
  }

  bulkhead::actors::detail::pump_unit& unit_ = sys.state().own_unit();
  bulkhead::actors::detail::actor_server server_;
  std::shared_ptr<Peer> peer_;
  std::unique_ptr<bulkhead::actors::detail::lane_reader> reader_;
  bool stopped_ = false;
};

}  // namespace bulkhead_test

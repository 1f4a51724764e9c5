// Ends of lanes that no step of theirs may keep from being told.
#include <atomic>
#include <caf/event_based_actor.hpp>
#include <caf/typed_actor.hpp>
#include <chrono>
#include <future>
#include <stdexcept>

#include "actors/stepped.hpp"
#include "actors/waiting.hpp"
#include "served_end.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using namespace std::chrono_literals;
namespace actors = bulkhead::actors;
namespace detail = bulkhead::actors::detail;
using bulkhead::errc;

namespace {

using asked = caf::typed_actor<caf::replies_to<int>::with<int>>;

// Its pump fails as it would without memory.
class failing_peer final : public detail::remote_peer {
 public:
  using remote_peer::remote_peer;

  void start(const caf::strong_actor_ptr& proxy) { run_pump(proxy); }
  std::atomic<bool> has_parted{false};

 private:
  caf::error live() override { throw std::runtime_error("no memory"); }
  void part(const caf::error&) override { has_parted = true; }
  caf::error refusal() override { return {}; }
};

struct lane {
  explicit lane(std::uint32_t in_flight) {
    auto ends = bulkhead::make_calls<detail::actor_bytes, detail::actor_bytes>(
        rt, {.max_in_flight = in_flight});
    client = std::move(ends.first);
    server = std::move(ends.second);
  }

  bulkhead::runtime rt;
  detail::actor_client client;
  detail::actor_server server;
};

}  // namespace

TEST_CASE("who waits for an actor elsewhere is told when the thread of its lane fails",
          "[actors][process]") {
  constexpr int times = 10;
  lane l(4);
  std::atomic<int> refused{0};
  std::atomic<bool> down{false}, sent{false};
  actors::system sys(l.rt);
  const auto& codec = detail::codec_of<detail::actor_interface<asked>::signatures>::instance();
  const auto peer = sys.state().add_thread([&](detail::pump_unit& unit) {
    return std::make_shared<failing_peer>(std::move(l.client), codec, unit, sys.state(),
                                          bulkhead::detail::request_terms{});
  });
  const auto proxy = actors::compat::make_proxy<detail::remote_proxy>(sys.caf(), peer);
  actors::compat::on_exit(proxy, [&](const caf::error&) { down = true; });
  sys.caf().spawn([&](caf::event_based_actor* self) {
    for (int n = 0; n < times; ++n) {
      self->request(caf::actor_cast<asked>(proxy), caf::infinite, n)
          .then([](int) {},
                [&](const caf::error& why) {
                  if (actors::is(why, errc::closed)) ++refused;
                });
    }
    sent = true;
  });
  REQUIRE(eventually([&] { return sent.load(); }));
  CHECK(peer->pending() == times);  // in the lane, and before it
  peer->start(proxy);
  CHECK(eventually([&] { return peer->has_parted.load(); }));
  CHECK(eventually([&] { return refused == times; }));
  CHECK(eventually([&] { return down.load(); }));
}

TEST_CASE("answers that nobody takes hold up no end for ever", "[actors][process]") {
  lane l(64);
  detail::served_end end(l.server.end());
  while (!end.holds_answers()) {
    end.answer({.generation = 1}, 100, [](bulkhead::detail::encoder& to) { to.room(100); });
  }
  auto settled = std::async(std::launch::async, [&] { static_cast<void>(end.settle()); });
  CHECK(settled.wait_for(patience) == std::future_status::ready);
  l.client.close();  // so that it ends where it does not by itself
}

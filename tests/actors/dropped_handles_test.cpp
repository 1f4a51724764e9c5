// Handles in messages that are never sent.
#include <bulkhead/actors/sink.hpp>
#include <bulkhead/actors/spawn_process.hpp>

#include <atomic>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <csignal>

#include "actors/asking.hpp"
#include "actors/stopped.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
namespace actors = bulkhead::actors;

namespace {

using pid_atom = caf::atom_constant<caf::atom("pid")>;
using freeze_atom = caf::atom_constant<caf::atom("freeze")>;

using lent = caf::typed_actor<caf::replies_to<pid_atom>::with<int>>;

}  // namespace

#if !BULKHEAD_CAF_0_17
CAF_BEGIN_TYPE_ID_BLOCK(dropped_handles_test, caf::id_block::bulkhead_tests::end + 30)
CAF_ADD_TYPE_ID(dropped_handles_test, (lent))
CAF_END_TYPE_ID_BLOCK(dropped_handles_test)
namespace {
const bool registered =
    (caf::init_global_meta_objects<caf::id_block::dropped_handles_test>(), true);
}
#endif

namespace {

using frozen = caf::typed_actor<caf::replies_to<pid_atom>::with<int>, caf::reacts_to<freeze_atom>,
                                caf::reacts_to<int>, caf::replies_to<lent>::with<int>,
                                caf::reacts_to<lent, int>>;

frozen::behavior_type freeze(frozen::pointer) {
  return {[](pid_atom) { return static_cast<int>(::getpid()); },
          [](freeze_atom) { ::raise(SIGSTOP); }, [](int) {}, [](const lent&) { return 1; },
          [](const lent&, int) {}};
}

constexpr int more_than_a_lane_holds = 40'000;
constexpr int times = 5;

// An actor elsewhere that takes nothing, so that its lane is full.
struct scene {
  explicit scene(const actors::system_options& options) : sys(rt, options) {}

  void fill() {
    pid = ask();
    caf::anon_send(there, freeze_atom::value);
    REQUIRE(eventually([this] { return is_stopped(pid); }));
    std::atomic<bool> sent{false};
    sys.caf().spawn([&, this](caf::event_based_actor* self) {
      for (int n = 0; n < more_than_a_lane_holds; ++n) self->send(there, n);
      sent = true;
    });
    REQUIRE(eventually([&] { return sent.load(); }));
  }
  int ask() {
    caf::scoped_actor self(sys.caf());
    int got = 0;
    self->request(there, std::chrono::seconds(20), pid_atom::value)
        .receive([&](int n) { got = n; }, [](const caf::error&) {});
    return got;
  }
  // Sends it an actor of this process, which ends when nobody has it.
  void lend() {
    lent here = sys.caf().spawn(
        [](lent::pointer) -> lent::behavior_type { return {[](pid_atom) { return 1; }}; });
    here->attach_functor([this](const caf::error&) { ended = true; });
    sys.caf().spawn([this, here](caf::event_based_actor* self) {
      for (int n = 0; n < times; ++n) {
        self->send(there, here, n);
        self->request(there, caf::infinite, here)
            .then([](int) {}, [this](const caf::error&) { ++refused; });
      }
      sent = true;
    });
    REQUIRE(eventually([this] { return sent.load(); }));
  }

  bulkhead::runtime rt;
  std::atomic<bool> ended{false}, sent{false};
  std::atomic<int> refused{0};
  int pid = 0;
  actors::system sys;
  frozen there = actors::spawn_process<frozen>(sys, {.name = "frozen"}, freeze);
};

}  // namespace

TEST_CASE("an actor whose handle was in messages that there was no room for ends",
          "[actors][handles][process]") {
  scene s({.kept_bytes = 1});
  s.fill();
  const auto dropped = actors::dropped(s.there);
  s.lend();
  CHECK(actors::dropped(s.there) == dropped + times);
  CHECK(eventually([&] { return s.refused == times; }));
  CHECK(eventually([&] { return s.ended.load(); }));
  ::kill(s.pid, SIGCONT);
}

TEST_CASE("an actor whose handle was in messages that waited when their receiver died ends",
          "[actors][handles][process][crash]") {
  scene s({});
  s.fill();
  s.lend();
  CHECK_FALSE(s.ended);
  ::kill(s.pid, SIGKILL);
  CHECK(eventually([&] { return s.refused == times; }));
  CHECK(eventually([&] { return s.ended.load(); }));
}

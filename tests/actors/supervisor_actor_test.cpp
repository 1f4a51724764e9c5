// A supervisor's administration and events by messages.
#include <bulkhead/actors/supervisor_actor.hpp>

#include <algorithm>
#include <bulkhead/actors/spawn_process.hpp>
#include <bulkhead/bulkhead.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "actors/asking.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using bulkhead::child_info;
using bulkhead::errc;
using bulkhead::supervision_event;
namespace actors = bulkhead::actors;
namespace events = bulkhead::events;
using namespace std::chrono_literals;

namespace {

// A child that runs until it is asked to stop.
void rest() {
  while (!bulkhead::this_process::stop_requested()) std::this_thread::sleep_for(1ms);
}
// One that has to be killed.
void stay() {
  for (;;) std::this_thread::sleep_for(1s);
}

// Before the system, whose actors write to it: its end comes first.
struct record {
  std::mutex mutex;
  std::vector<std::pair<std::string, supervision_event>> heard;
  std::atomic<bool> stopped{false};
};

struct fixture : record, asking {
  bulkhead::supervisor sup{rt, {.intensity = 1}};
  actors::supervisor_actor admin = actors::spawn_supervisor_actor(sys, sup);

  void start(const char* name) {
    bulkhead::child_spec spec{.name = name};
    spec.backoff = bulkhead::no_backoff;
    sup.start(spec, &rest);
  }
  template <class... What>
  caf::error tell(What... what) {
    caf::error why;
    caf::scoped_actor self(sys.caf());
    self->request(admin, 20s, what...).receive([] {}, [&](const caf::error& e) { why = e; });
    return why;
  }
  actors::event_listener listener() {
    return sys.caf().spawn(
        [this](actors::event_listener::pointer) -> actors::event_listener::behavior_type {
          return {[this](const std::string& child, const supervision_event& event) {
            const std::lock_guard lock(mutex);
            heard.emplace_back(child, event);
          }};
        });
  }
  template <class Event>
  bool hears(const std::string& child) {
    return eventually([&] {
      const std::lock_guard lock(mutex);
      return std::any_of(heard.begin(), heard.end(), [&](const auto& one) {
        return one.first == child && one.second.child == child &&
               std::holds_alternative<Event>(one.second.what);
      });
    });
  }
};

// In a process of its own: stops a child of the supervisor, and says what it heard of that.
using far_admin = caf::typed_actor<caf::replies_to<std::string>::with<std::string>>;

far_admin::behavior_type administer(far_admin::pointer self,
                                    const actors::supervisor_actor& admin) {
  return {[=](const std::string& child) {
    auto promise = self->make_response_promise<std::string>();
    const auto fail = [promise](const caf::error& why) {
      auto mine = promise;
      mine.deliver(why);
    };
    const auto listener = self->spawn(
        [promise](actors::event_listener::pointer) -> actors::event_listener::behavior_type {
          return {[promise](const std::string& name, const supervision_event& event) {
            auto mine = promise;
            if (std::holds_alternative<events::stopped>(event.what)) mine.deliver(name);
          }};
        });
    self->request(admin, 20s, caf::subscribe_atom_v, child, actors::event_listener(listener))
        .then([=] { self->request(admin, 20s, actors::terminate_child{child}).then([] {}, fail); },
              fail);
    return promise;
  }};
}

}  // namespace

TEST_CASE_METHOD(fixture, "a supervisor is administered by messages", "[actors][process]") {
  start("a");
  start("b");
  const auto all = ask<std::vector<child_info>>(admin, actors::which_children());
  REQUIRE(all.size() == 2);
  CHECK(all[0].name == "b");
  CHECK(all == sup.which_children());
  CHECK(ask<bulkhead::child_count>(admin, actors::count_children()).active == 2);
  CHECK_FALSE(tell(actors::terminate_child{"a"}));
  CHECK(ask<child_info>(admin, actors::find_child{"a"}).state == bulkhead::child_state::stopped);
  CHECK_FALSE(tell(actors::restart_child{"a"}));
  const auto a = ask<child_info>(admin, actors::find_child{"a"});
  CHECK(a.state == bulkhead::child_state::running);
  CHECK(a.incarnation == 2);
  CHECK(actors::is(tell(actors::delete_child{"a"}), errc::not_permitted));
  CHECK_FALSE(tell(actors::terminate_child{.name = {}, .id = a.id}));
  CHECK_FALSE(tell(actors::delete_child{"a"}));
  CHECK_FALSE(failure);
  ask<child_info>(admin, actors::find_child{"a"});
  CHECK(failure == caf::sec::invalid_argument);
  CHECK(tell(actors::terminate_child{"a"}) == caf::sec::invalid_argument);
}

TEST_CASE_METHOD(fixture, "questions are answered while a child is waited for",
                 "[actors][process]") {
  sup.start({.name = "slow", .shutdown = 30s}, &stay);
  sys.caf().spawn([&](caf::event_based_actor* self) {
    self->request(admin, caf::infinite, actors::terminate_child{"slow"}).then([&] {
      stopped = true;
    });
  });
  const auto state = [&] { return ask<child_info>(admin, actors::find_child{"slow"}).state; };
  CHECK(eventually([&] { return state() == bulkhead::child_state::stopping; }));
  CHECK_FALSE(stopped);
  const auto pid = ask<child_info>(admin, actors::find_child{"slow"}).pid;
  REQUIRE(::kill(pid, SIGKILL) == 0);
  CHECK(eventually([&] { return stopped.load(); }));
}

TEST_CASE_METHOD(fixture, "listeners hear the events of one child, or of all",
                 "[actors][process][crash]") {
  start("a");
  const auto who = listener();
  CHECK_FALSE(tell(caf::subscribe_atom_v, std::string("a"), who));
  start("b");
  REQUIRE(::kill(sup.find_child("a")->pid, SIGKILL) == 0);
  CHECK(hears<events::exited>("a"));
  CHECK(hears<events::restarting>("a"));
  {
    const std::lock_guard lock(mutex);
    CHECK(
        std::all_of(heard.begin(), heard.end(), [](const auto& one) { return one.first == "a"; }));
  }
  CHECK_FALSE(tell(caf::subscribe_atom_v, std::string("*"), who));
  CHECK_FALSE(tell(actors::terminate_child{"b"}));
  CHECK(hears<events::stopped>("b"));
}

TEST_CASE_METHOD(fixture, "the actor ends with its supervisor, and says how that ended",
                 "[actors][process][crash]") {
  start("a");
  caf::scoped_actor self(sys.caf());
  self->monitor(admin);
  SECTION("it is shut down by a message") {
    CHECK_FALSE(tell(actors::shut_down()));
    self->receive(
        [](const caf::down_msg& down) { CHECK(down.reason == caf::exit_reason::user_shutdown); });
    CHECK(sup.ended());
  }
  SECTION("it gives up") {
    // Its intensity is 1: the second death is one too many.
    const auto kill = [&](std::uint64_t incarnation) {
      REQUIRE(eventually([&] {
        const auto a = sup.find_child("a");
        return a && a->incarnation == incarnation && a->state == bulkhead::child_state::running;
      }));
      REQUIRE(::kill(sup.find_child("a")->pid, SIGKILL) == 0);
    };
    kill(1);
    kill(2);
    self->receive([](const caf::down_msg& down) {
      CHECK(actors::is(down.reason, errc::gave_up));
      CHECK(actors::exit_of(down.reason)->signal == SIGKILL);
    });
  }
  ask<bulkhead::child_count>(admin, actors::count_children());
  CHECK((failure == caf::sec::request_receiver_down || actors::is(failure, errc::gave_up)));
}

TEST_CASE_METHOD(fixture, "the actor's own end leaves the supervisor alone", "[actors][process]") {
  start("a");
  caf::scoped_actor self(sys.caf());
  self->monitor(admin);
  caf::anon_send_exit(admin, caf::exit_reason::user_shutdown);
  self->receive([](const caf::down_msg&) {});
  CHECK(sup.find_child("a")->state == bulkhead::child_state::running);
  CHECK_THROWS_AS(actors::spawn_supervisor_actor(sys, sup, {.overflow = bulkhead::overflow::block}),
                  std::invalid_argument);
}

TEST_CASE_METHOD(fixture, "another process administers a supervisor and hears its events",
                 "[actors][process]") {
  start("a");
  const auto far = actors::spawn_process<far_admin>(sys, {.name = "admin"}, administer, admin);
  CHECK(ask<std::string>(far, std::string("a")) == "a");
  CHECK(sup.find_child("a")->state == bulkhead::child_state::stopped);
  ask<std::string>(far, std::string("nobody"));
  CHECK(failure == caf::sec::invalid_argument);
}
